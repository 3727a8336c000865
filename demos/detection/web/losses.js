// (15), (16) and (17) with the numbers of the object that is chosen in the board above, taken as the truth.
import {hear, percent, tell} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({server, find, findAll, liveCaller}) {
  const ask = liveCaller(server.losses);
  let seen = null;
  let thing = null;
  let threshold = 0.5;

  // 0.0123 as 0.012; nothing but 0 is shown as 0.
  const small = (value) => {
    if (value < 1e-6) return '0';
    return value < 0.001
      ? 'under 0.001'
      : Number(value.toPrecision(3)).toLocaleString('en', {maximumFractionDigits: 3});
  };
  const SAID = {
    anchors: ({count}) =>
      `Mean over the ${count === 1 ? 'one anchor box' : `${count} anchor boxes`} on it, with an IoU of 0.7 with its ` +
      'box or the best there is. For the others c is 0: only − log p counts, of the background.',
    own: ({mask}) =>
      'Its box is the truth, so the box costs nothing: what is left is what the network doubts of its class' +
      `${mask === null ? '.' : ' and of its mask.'}`,
    regions: ({count}) =>
      count === 1
        ? 'No other proposal has an IoU of a half with its box.'
        : `Mean over the ${count} proposals that have an IoU of a half with its box: each is to become the same.`,
  };

  function table(terms) {
    const row = (name, trained, squared) => html`<tr><th>${name}</th><td>${trained}</td><td>${squared}</td></tr>`;
    const rows = [
      row('− log p', small(terms.class_loss), 'the same'),
      row('L bbox', small(terms.bbox), `${small(terms.bbox_squared)} px²`),
    ];
    if (terms.mask !== null) rows.push(row('L mask', small(terms.mask), small(terms.mask_squared)));
    return html`<table><thead><tr><th></th><th>as trained</th><th>the slide’s squares</th></tr></thead>
      <tbody>${rows}${row('L', small(terms.total), '')}</tbody></table>`;
  }

  async function show() {
    const open = thing && seen?.stages;
    find('.dl').hidden = !open;
    find('.dl-of').textContent =
      seen && !seen.stages
        ? 'NanoDet-Plus was trained by others and by other losses: look for people, nuclei or blood cells to see these.'
        : 'Choose an object in the picture at the top.';
    if (!open) return;
    const chosen = thing;
    const {region: proposal, label, tile} = chosen;
    const answer = await ask({token: seen.token, tile, proposal, label, mask: threshold});
    if (!answer || thing !== chosen) return;
    const name = seen.names[label - 1];
    find('.dl-of').textContent =
      `The truth: ${name}, its box and${seen.masks ? ' its mask' : ' nothing more'}. ` +
      `p of this class is ${percent(answer.probability, 1)}; λ${seen.masks ? ' and λ₂ are' : ' is'} 1.`;
    for (const equation of findAll('.dl-equation')) equation.textContent = seen.masks ? '(17)' : '(15)';
    for (const section of findAll('[data-terms]')) {
      const terms = answer[section.dataset.terms];
      fill(section.querySelector('div'), html`${table(terms)}<p>${SAID[section.dataset.terms](terms)}</p>`);
    }
  }

  hear('detection:picture', (shown) => {
    [seen, thing] = [shown.seen, null];
    show();
  });
  hear('detection:object', (chosen) => {
    thing = chosen;
    show();
  });
  hear('detection:mask', (value) => {
    threshold = value;
    show();
  });
  tell('detection:hello');
}
