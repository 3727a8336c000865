import assert from 'node:assert/strict';
import test from 'node:test';
import {follow, remember} from '../../../demos/frame/web/state.js';

// A tab of controls that hold a text each, in place of the page.
function tab(names) {
  const panel = {querySelectorAll: () => [], querySelector: () => null, addEventListener: () => {}, offsetParent: {}};
  const values = Object.fromEntries(names.map((name) => [name, 'usual']));
  const elements = names.map((name) => {
    const element = {closest: () => null};
    remember(element, name, {get: () => values[name], set: (text) => Object.assign(values, {[name]: text})});
    return element;
  });
  panel.contains = (element) => elements.includes(element);
  return {values, restore: follow(panel, 'tab', () => {})};
}

test('many Backs at once, each while the one before is still restored, end where the last one goes', async (t) => {
  t.mock.timers.enable({apis: ['setTimeout', 'Date']});
  const pass = async (time) => {
    for (let i = 0; i < time / 50; i++) {
      t.mock.timers.tick(50);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  };
  const {values, restore} = tab(['x', 'y', 'z']);
  for (const between of [0, 50, 150, 250]) {
    restore(Object.entries({x: '1', y: '2', z: '3'}));
    await pass(5000);
    assert.deepEqual(values, {x: '1', y: '2', z: '3'});
    for (const state of [{x: '1', y: '2'}, {x: '1'}, {z: '4'}]) {
      restore(Object.entries(state));
      await pass(between);
    }
    restore([]);
    await pass(5000);
    assert.deepEqual(values, {x: 'usual', y: 'usual', z: 'usual'}, `${between} ms between`);
  }
});
