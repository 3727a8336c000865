// A drawn digit, and how little it takes to fool the usual network and those that were retrained: while the pen moves.
import {choices, hear, percent, tell} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {makeDrawPad} from '../../frame/web/pad.js';
import {writtenDigits} from '../../frame/web/strokes.js';

const LONGEST = 0.5; // of ‖x‖, as long as the bar is wide

export default function ({first, server, find, say, liveCaller}) {
  const ask = liveCaller(server.fool_digit);
  const state = {target: '-1', answer: null};

  const wanted = Object.fromEntries(Array.from({length: 10}, (_, i) => [String(i), String(i)]));
  choices(
    find('.ad-wanted'),
    {...wanted, '-1': 'whatever is nearest'},
    () => state.target,
    (target) => {
      state.target = target;
      if (!pad.empty()) look();
    },
  );

  const number = (value) => (value === null ? '' : percent(value / 100, 1));
  fill(find('.ad-scores'), [
    html`<thead><tr><th scope="col">On 10,000 test digits</th><th scope="col">wrong answers</th>
      <th scope="col">‖r‖/‖x‖ by DeepFool, mean</th><th scope="col">by FGSM, where 90 % are fooled</th></tr></thead>`,
    html`<tbody>${first.scores.map(
      (row) => html`<tr><th scope="row">${row.title}</th><td>${number(row.error)}</td>
        <td>${number(row.DeepFool)}</td><td>${number(row.FGSM)}</td></tr>`,
    )}</tbody>`,
  ]);

  function show(answer) {
    state.answer = answer;
    fill(
      find('.ad-networks'),
      answer.networks.map((one) => {
        const sure = percent(one.probabilities[one.after]);
        return html`<section class="ad-network" data-network="${one.name}" data-relative="${one.relative}">
          <h3>${first.titles[one.name]}</h3>
          <div class="pair"><img src="${one.pushes}" width="90" height="90" alt="r">
            <img src="${one.sum}" width="90" height="90" alt="x + r"></div>
          <p class="verdict">${one.before} → ${one.fooled ? `${one.after}, ${sure}` : 'not fooled'}</p>
          <div class="length" style="width: ${100 * Math.min(1, one.relative / LONGEST)}%"></div>
          <p>‖r‖ is ${percent(one.relative, 1)} of ‖x‖; ${one.steps} ${one.steps === 1 ? 'step' : 'steps'}</p>
        </section>`;
      }),
    );
    tell('adversarial:digit', answer);
  }

  async function look(picture = pad.dataURI()) {
    const answer = await ask({picture, target: Number(state.target)});
    if (answer) show(answer);
  }

  const pad = makeDrawPad(find('.paper'), {
    onDraw: look,
    say,
    onClear: () => {
      fill(find('.ad-networks'), html``);
      state.answer = null;
    },
  });
  hear('adversarial:hello', () => {
    if (state.answer) tell('adversarial:digit', state.answer);
  });
  pad.show(writtenDigits()[3]);
}
