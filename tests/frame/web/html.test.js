import assert from 'node:assert/strict';
import test from 'node:test';
import {fill, html} from '../../../demos/frame/web/html.js';

const text = (markup) => {
  const element = {};
  fill(element, markup);
  return element.innerHTML;
};

test('a hole is text, whatever stands in it', () => {
  const name = `<img src=x onerror="alert('1')">&`;
  assert.equal(
    text(html`<b title="${name}">${name}</b>`),
    '<b title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</b>',
  );
});

test('markup goes into markup once, alone or as a list', () => {
  const rows = ['a & b', 2].map((cell) => html`<td>${cell}</td>`);
  assert.equal(text(html`<tr>${rows}${html`<td></td>`}${[]}</tr>`), '<tr><td>a &amp; b</td><td>2</td><td></td></tr>');
});

test('a text, or what only looks like markup, is refused', () => {
  for (const forged of ['<b>bold</b>', {text: '<b>bold</b>'}, null]) assert.throws(() => fill({}, forged), TypeError);
  assert.equal(text(html`${{text: '<b>'}}`), '[object Object]');
});
