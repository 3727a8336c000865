import assert from 'node:assert/strict';
import test from 'node:test';
import {liveCalls} from '../../../demos/frame/web/live.js';

// A board that holds nothing but its message, and the attributes that are set.
function someBoard() {
  const line = {dataset: {}, setAttribute() {}};
  globalThis.document = {createElement: () => line};
  const board = {
    line,
    append() {},
    setAttribute: (name, value) => {
      board[name] = value;
    },
  };
  return board;
}

test('one call is in flight, and of those that wait only the latest is asked', async () => {
  const board = someBoard();
  const asked = [];
  const answers = [];
  const ask = liveCalls(board).liveCaller((n) => {
    asked.push(n);
    return new Promise((resolve) => answers.push(() => resolve({n})));
  });
  const calls = [1, 2, 3, 4].map(ask);
  assert.deepEqual(asked, [1]);
  assert.equal(board['aria-busy'], true);
  answers[0]();
  assert.deepEqual(await calls[0], {n: 1});
  assert.deepEqual([await calls[1], await calls[2]], [null, null]);
  assert.deepEqual(asked, [1, 4]);
  answers[1]();
  assert.deepEqual(await calls[3], {n: 4});
  assert.equal(board['aria-busy'], false);
});

test('an error is said, is no answer, and goes away with the next answer', async () => {
  const board = someBoard();
  const replies = [{error: 'Draw a digit first.'}, null, new Error('offline'), {fine: true}];
  const ask = liveCalls(board).liveCaller(async () => {
    const reply = replies.shift();
    if (reply instanceof Error) throw reply;
    return reply;
  });
  const said = [];
  for (let i = 0; i < 4; i++) said.push([await ask(i), board.line.textContent]);
  assert.deepEqual(said, [
    [null, 'Draw a digit first.'],
    [null, 'Something went wrong here. Try another input.'],
    [null, 'The gallery does not answer. Check the connection, or reload this page.'],
    [{fine: true}, ''],
  ]);
});
