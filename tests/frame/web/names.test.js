import assert from 'node:assert/strict';
import test from 'node:test';
import {nameOf} from '../../../demos/frame/web/names.js';

test('an example is called as its file is', () => {
  assert.equal(nameOf('http://localhost/gradio_api/file=/tmp/ab12/two_people.jpg'), 'two people');
  assert.equal(nameOf('/a/caf%C3%A9.png'), 'café');
});
