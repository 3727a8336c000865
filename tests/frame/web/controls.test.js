import assert from 'node:assert/strict';
import test from 'node:test';
import {largest, numbersOf, percent, stepOf, written} from '../../../demos/frame/web/controls.js';
import {boxesOf, GRID, maskOf} from '../../../demos/frame/web/view.js';

const coded = (values) => Buffer.from(values.buffer).toString('base64');

test('numbers are set with a true minus sign, and nothing is below zero that is shown as zero', () => {
  assert.deepEqual(
    [-1.2, 1.2, -0.001, 0].map((value) => written(value)),
    ['−1.20', '1.20', '0.00', '0.00'],
  );
  assert.deepEqual([written(-30, 0), percent(0.125), percent(0.125, 1)], ['−30', '13 %', '12.5 %']);
});

test('numbers from Python come as they were sent', () => {
  assert.deepEqual([...numbersOf(coded(Int16Array.of(-3, 7)), Int16Array)], [-3, 7]);
  assert.deepEqual(boxesOf(coded(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8))), [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
  assert.equal(largest([0.1, 0.7, 0.2]), 1);
});

test('arrow keys are steps with y up, and other keys go on to the page', () => {
  let stopped = 0;
  const press = (key) => stepOf({key, preventDefault: () => stopped++});
  assert.deepEqual(press('ArrowUp'), [0, 1]);
  assert.equal(press('Tab'), undefined);
  assert.equal(stopped, 1);
});

test('the left half of a mask is the left half of its box', () => {
  const half = Uint8Array.from({length: GRID ** 2}, (_, i) => (i % GRID < GRID / 2 ? 255 : 0));
  const {x0, y0, wide, high, inside} = maskOf(half, [10, 20, 38, 48], 0.5, 2);
  assert.deepEqual([x0, y0, wide, high], [20, 40, 56, 56]);
  for (let x = 1; x < 55; x++) assert.equal(inside[28 * wide + x], x < 28 ? 1 : 0, `column ${x}`);
  assert.equal(maskOf(new Uint8Array(GRID ** 2), [10, 20, 38, 48], 0.5, 2).inside.includes(1), false);
});
