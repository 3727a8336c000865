import assert from 'node:assert/strict';
import test from 'node:test';
import {projection, unpacked, upright} from '../../../demos/frame/web/cloud.js';

const near = (found, wanted) => {
  for (const [i, value] of wanted.entries()) assert.ok(Math.abs(found[i] - value) < 1e-6, `${found}`);
};

test('seen from the front, x goes right, z up, and what is farther away is smaller', () => {
  const {project, depthOf} = projection({yaw: 0, pitch: 0, zoom: 1}, 100, 0);
  near(project(0, 0, 0), [50, 50, 1]);
  near(project(1, 0, 0), [94, 50, 1]);
  near(project(0, 0, 1), [50, 6, 1]);
  assert.ok(depthOf(0, 1, 0) > depthOf(0, -1, 0));
  assert.ok(project(0, 1, 0)[2] < project(0, -1, 0)[2]);
});

test('a quarter turn brings what was behind to the side, and from above height is depth', () => {
  const turned = projection({yaw: Math.PI / 2, pitch: 0, zoom: 1}, 100, 0);
  near(turned.project(0, -1, 0), [94, 50, 1]);
  const above = projection({yaw: 0, pitch: Math.PI / 2, zoom: 1}, 100, 0);
  assert.ok(above.depthOf(0, 0, 1) < above.depthOf(0, 0, 0));
  near(above.project(0, 0, 1).slice(0, 2), [50, 50]);
});

test('points come in 16 bits, and the axis that points up becomes z', () => {
  const sent = Buffer.from(Int16Array.of(16384, -16384, 0).buffer).toString('base64');
  assert.deepEqual([...unpacked(sent)], [1, -1, 0]);
  const up = {x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1]};
  for (const [axis, point] of Object.entries(up)) near(upright(Float32Array.from(point), axis), [0, 0, 1]);
});
