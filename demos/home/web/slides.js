// The headings of the lecture as lists of links, which top.js opens here.
import {html, made} from '../../frame/web/html.js';

const times = (count) => (count > 1 ? html` <small>${count} slides</small>` : '');

const rowOf = ({heading, count, link, place}) =>
  link
    ? html`<li><a href="${link}">${heading}</a>${times(count)} <span>${place}</span></li>`
    : html`<li class="slides-none">${heading}${times(count)} <span>not yet</span></li>`;

export default function ({first, find}) {
  for (const {title, slides} of first.chapters)
    find('.slides').append(made(html`<section><h2>${title}</h2><ol>${slides.map(rowOf)}</ol></section>`));
}
