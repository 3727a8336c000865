import assert from 'node:assert/strict';
import test from 'node:test';
import {above, partsAt} from '../../../demos/depth/web/far.js';

const near = (found, wanted) => {
  for (const [i, value] of wanted.entries()) assert.ok(Math.abs(found[i] - value) < 1e-9, `${found}`);
};

test('a picture fills its box, or stands in the middle of it with room beside or above', () => {
  const box = {left: 100, top: 50, width: 600, height: 400};
  near(partsAt(box, [3000, 2000], [250, 350]), [0.25, 0.75]);
  near(partsAt(box, [3000, 4000], [325, 150]), [0.25, 0.25]); // 300 wide, from 250 on
  assert.equal(partsAt(box, [3000, 4000], [240, 150]), null);
  near(partsAt(box, [4000, 2000], [400, 175]), [0.5, 0.25]); // 300 high, from 100 on
  assert.equal(partsAt(box, [4000, 2000], [400, 95]), null);
});

test('the words stand above the pointer, within the box, however much the page is enlarged', () => {
  for (const zoom of [1, 1.25, 2.4]) {
    const box = {left: 100, top: 50, width: 600 * zoom, height: 400 * zoom};
    const at = (x, y) => above(box, zoom, [120, 40], [100 + x * zoom, 50 + y * zoom]);
    near(at(200, 300), [216, 246]);
    near(at(590, 300), [472, 246]);
    near(at(200, 10), [216, 8]);
  }
});
