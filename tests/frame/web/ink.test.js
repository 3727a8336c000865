import assert from 'node:assert/strict';
import {test} from 'node:test';
import {read, written} from '../../../demos/frame/web/ink.js';

test('strokes come back as they were drawn', () => {
  const strokes = [
    [
      [0, 0],
      [280, 280],
      [3, 279],
    ],
    [[140, 7]],
  ];
  const text = written(strokes);
  assert.match(text, /^[\w-]+$/);
  assert.deepEqual(read(text), strokes);
});

test('what is too long, or cut off, or none, is no drawing', () => {
  assert.equal(written([Array.from({length: 2000}, (_, i) => [i % 280, 5])]), null);
  const text = written([
    [
      [100, 100],
      [200, 250],
    ],
  ]);
  assert.equal(read(text.slice(0, -2)), null);
  assert.equal(read('%'), null);
  assert.equal(read('AAAA'), null);
});
