// Inside the pose machine: belief maps and affinity fields of every stage, which came with the picture, so that nothing
// is asked for them; and the candidate pairs of a limb, matched one at a time.
import {button, hear, percent, tell, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {drawBelief, drawField, mapsOf, pill} from '../../frame/web/skeleton.js';

export default function ({server, find, findAll, liveCaller}) {
  const askPairs = liveCaller(server.pairs);
  const stageInput = find('#pose-stage');
  const jointChoice = find('.pin-joint');
  const limbChoice = find('.pin-limb');
  const LONGEST = 720;
  const SMALL = 480; // pixels of canvases
  let value = null;
  let picture = null;
  let maps = null;
  let found = null;
  let query = null;
  let pairs = [];
  let leftOut = 0;
  let done = 0;
  const view = {stage: 0, joint: 0, limb: 0};

  function onPicture(canvas, longest, dim) {
    // the picture on a canvas; its context, and its zoom
    const zoom = longest / Math.max(value.width, value.height);
    const context = canvas.getContext('2d');
    const size = [value.width, value.height].map((side) => Math.max(1, Math.round(side * zoom)));
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    context.drawImage(picture, 0, 0, ...size);
    context.fillStyle = `rgb(0 0 0 / ${dim})`;
    context.fillRect(0, 0, ...size);
    return [context, zoom];
  }

  function drawMaps() {
    if (!value) return;
    const {stage, joint, limb} = view;
    const [first, second] = value.limbs[limb].map((end) => value.joints[end]);
    const [beliefs, zoom] = onPicture(find('.pin-belief'), LONGEST, 0.55);
    drawBelief(beliefs, value, maps, stage, joint, zoom);
    let most = 0;
    for (let row = 0; row < maps.rows; row++)
      for (let column = 0; column < maps.columns; column++) most = Math.max(most, maps.at(stage, joint, row, column));
    find('.pin-belief-said').textContent =
      `${value.joints[joint]}, stage ${stage + 1} of ${maps.stages}: at most ${most.toFixed(2)}. ` +
      `${maps.columns} × ${maps.rows} pixels, 1 where a joint surely is.`;
    find('output[for=pose-stage]').textContent = `${stage + 1} of ${maps.stages}`;
    stageInput.setAttribute('aria-valuetext', `${stage + 1} of ${maps.stages}`);
    for (const one of findAll('.pin-stages button'))
      one.setAttribute('aria-pressed', one.dataset.of === `${view.joint} ${stage}`);
    find('.pin-field-said').textContent =
      `From ${first} to ${second}, stage ${stage + 1}: where the limb is, the way it points. ` +
      'Lines are candidate pairs; thick ones were chosen.';
    drawFieldAndPairs();
  }

  // The joint of the other side, where a joint has a side.
  function twinOf(joint) {
    const name = value.joints[joint];
    const other = name.startsWith('left') ? name.replace('left', 'right') : name.replace('right', 'left');
    return other === name ? null : value.joints.indexOf(other);
  }

  // The chosen joint and its twin, a row each, at every stage.
  function drawStages() {
    const pair = [view.joint, twinOf(view.joint)].filter((joint) => joint !== null).sort((a, b) => a - b);
    find('.pin-twins').textContent = pair.map((joint) => value.joints[joint]).join(' and ');
    find('.pin-stages').style.setProperty('--stages', maps.stages);
    find('.pin-stages').replaceChildren(
      ...pair.flatMap((joint) =>
        Array.from({length: maps.stages}, (_, stage) => {
          const one = button(`${value.joints[joint]}, stage ${stage + 1}`, () => {
            setJoint(joint);
            setStage(stage);
          });
          one.dataset.of = `${joint} ${stage}`;
          const canvas = document.createElement('canvas');
          canvas.setAttribute('aria-hidden', 'true'); // the large one has a name
          one.prepend(canvas);
          const [context, zoom] = onPicture(canvas, SMALL, 0.55);
          drawBelief(context, value, maps, stage, joint, zoom);
          return one;
        }),
      ),
    );
  }

  function setJoint(joint) {
    view.joint = joint;
    jointChoice.value = joint;
  }

  function drawFieldAndPairs() {
    const {stage, limb} = view;
    const [context, zoom] = onPicture(find('.pin-field'), LONGEST, 0.45);
    drawField(context, value, maps, stage, limb, zoom);
    const ends = value.limbs[limb];
    const place = (end, number) => found?.peaks[ends[end]]?.[number]?.slice(0, 2).map((at) => (at + 0.5) * zoom);
    pairs.slice(0, done).forEach((pair, at) => {
      const now = at === done - 1 && done < pairs.length;
      const from = place(0, pair.first);
      const to = place(1, pair.second);
      if (!from || !to || (pair.verdict !== 'chosen' && !now)) return;
      context.lineWidth = pair.verdict === 'chosen' ? 5 : 2.5;
      context.setLineDash(pair.verdict === 'chosen' ? [] : [8, 8]);
      context.strokeStyle = pair.verdict === 'chosen' ? '#fff' : '#ffb3a7';
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
    });
    context.setLineDash([]);
    for (const end of [0, 1]) {
      (found?.peaks[ends[end]] || []).forEach((_, number) => {
        pill(context, 'AB'[end] + (number + 1), ...place(end, number), 15);
      });
    }
  }

  // ---- candidate pairs

  async function refreshPairs() {
    if (!query) return;
    const asked = {...query, limb: view.limb};
    const answer = await askPairs(asked);
    if (!answer || asked.limb !== view.limb) return;
    [pairs, leftOut] = [answer.pairs, answer.left_out];
    done = pairs.length;
    showPairs();
  }

  function showPairs() {
    const [first, second] = value.limbs[view.limb].map((end) => value.joints[end]);
    fill(
      find('tbody'),
      pairs.map((pair, at) => {
        const looked = at < done;
        const chosen = looked && pair.verdict === 'chosen' ? 'pin-chosen' : '';
        const now = at === done - 1 && done < pairs.length ? 'pin-now' : '';
        return html`<tr class="${looked ? chosen : 'pin-later'} ${now}"><td>${at + 1}</td>
        <td>A${pair.first + 1}</td><td>B${pair.second + 1}</td><td>${written(pair.affinity, 3)}</td>
        <td>${percent(pair.agree)}</td><td>${looked ? pair.verdict : ''}</td></tr>`;
      }),
    );
    const weaker = leftOut ? `${leftOut} weaker pairs are not listed.` : '';
    find('.pin-none').textContent = pairs.length ? weaker : `There is no pair of a ${first} (A) and a ${second} (B).`;
    const chosen = pairs.slice(0, done).filter(({verdict}) => verdict === 'chosen').length;
    find('.pin-step').textContent = `${done} of ${pairs.length} pairs looked at, ${chosen} chosen`;
    find('.pin-next').disabled = done >= pairs.length;
    find('.pin-first').disabled = done === 0;
    find('tr.pin-now')?.scrollIntoView({block: 'nearest', inline: 'nearest'});
    drawFieldAndPairs();
  }

  find('.pin-first').addEventListener('click', () => {
    done = 0;
    find('.pin-scroll').scrollTop = 0;
    showPairs();
  });
  find('.pin-next').addEventListener('click', () => {
    done++;
    showPairs();
  });
  find('.pin-all').addEventListener('click', () => {
    done = pairs.length;
    showPairs();
  });

  // ---- choices

  function setStage(stage) {
    view.stage = stage;
    stageInput.value = stage + 1;
    [pairs, found] = [[], null]; // those of another stage, until Python has answered
    drawMaps();
    tell('pose:stage', stage);
  }
  stageInput.addEventListener('input', () => {
    if (value) setStage(Number(stageInput.value) - 1);
  });
  jointChoice.addEventListener('change', () => {
    view.joint = Number(jointChoice.value);
    drawStages();
    drawMaps();
  });
  limbChoice.addEventListener('change', () => {
    view.limb = Number(limbChoice.value);
    pairs = [];
    drawMaps();
    refreshPairs();
  });

  hear('pose:picture', (shown) => {
    const other = value?.network !== shown.value.network;
    [{value, picture}, maps, found, query, pairs] = [shown, mapsOf(shown.value), null, null, []];
    if (other) {
      const {joints, limbs} = value;
      const options = (texts) => texts.map((text, at) => new Option(text, at));
      jointChoice.replaceChildren(...options(joints));
      limbChoice.replaceChildren(...options(limbs.map(([first, second]) => `${joints[first]} to ${joints[second]}`)));
      [view.joint, view.limb] = [value.joints.indexOf('right elbow'), 0]; // an arm is in nearly every picture
      [jointChoice.value, limbChoice.value] = [view.joint, view.limb];
    }
    view.stage = maps.stages - 1;
    stageInput.max = stageInput.value = maps.stages;
    drawStages();
    drawMaps();
  });
  hear('pose:found', (people) => {
    if (people.query.stage !== view.stage) return;
    [found, query] = [people.found, people.query];
    refreshPairs();
  });
  tell('pose:hello');
}
