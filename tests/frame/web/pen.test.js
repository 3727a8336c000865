import assert from 'node:assert/strict';
import {test} from 'node:test';
import {penByKeys} from '../../../demos/frame/web/pen.js';

globalThis.document = {createElement: () => ({style: {}, dataset: {}, setAttribute() {}})};

// A canvas that hears keys, and what was drawn on it.
function paper() {
  const heard = {};
  let mark = null;
  const canvas = {
    after: (element) => {
      mark = element;
    },
    addEventListener: (name, act) => {
      heard[name] = act;
    },
  };
  const drawn = [];
  penByKeys(canvas, 280, {down: (at) => drawn.push(['down', at]), move: (from, to) => drawn.push([from, to])});
  const press = (key, how = {}) => {
    let kept = true;
    heard.keydown({
      key,
      ...how,
      preventDefault: () => {
        kept = false;
      },
    });
    return kept;
  };
  return {drawn, press, mark, leave: () => heard.blur()};
}

test('arrows move the pen, and draw only while it is down', () => {
  const {drawn, press, mark} = paper();
  press('ArrowUp');
  assert.deepEqual(drawn, []);
  assert.equal(mark.style.top, `${(100 * 133) / 280}%`);
  press(' ');
  press('ArrowRight', {shiftKey: true});
  assert.deepEqual(drawn, [
    ['down', [140, 133]],
    [
      [140, 133],
      [168, 133],
    ],
  ]);
  press(' ');
  press('ArrowLeft');
  assert.equal(drawn.length, 2);
});

test('the pen stays on the paper, is lifted when the paper is left, and other keys pass', () => {
  const {drawn, press, mark, leave} = paper();
  for (let i = 0; i < 40; i++) press('ArrowLeft');
  assert.equal(mark.style.left, '0%');
  press(' ');
  assert.equal(mark.dataset.down, true);
  leave();
  assert.equal(mark.dataset.down, false);
  press('ArrowRight');
  assert.equal(drawn.length, 1);
  assert.equal(press('p'), true);
  assert.equal(press(' '), false);
});
