// Inside the pose machine: belief maps and affinity fields of every stage, which came with the picture, so that nothing
// is asked for them; and the candidate pairs of a limb, matched one at a time.
import {written} from '../../frame/web/controls.js';
import {drawBelief, drawField, label, mapsOf} from '../../frame/web/skeleton.js';

export default function ({server, board, find, liveCaller}) {
  const askPairs = liveCaller(server.pairs);
  const stageInput = find('#pose-stage'), jointChoice = find('.pin-joint'), limbChoice = find('.pin-limb');
  const LONGEST = 720, SMALL = 192;  // pixels of canvases
  let value = null, picture = null, maps = null, found = null, query = null, pairs = [], leftOut = 0, done = 0;
  const view = {stage: 0, joint: 0, limb: 0};

  function onPicture(canvas, longest, dim) {  // the picture on a canvas; its context, and its zoom
    const zoom = longest / Math.max(value.width, value.height), context = canvas.getContext('2d');
    const size = [value.width, value.height].map((side) => Math.max(1, Math.round(side * zoom)));
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    context.drawImage(picture, 0, 0, ...size);
    context.fillStyle = `rgb(0 0 0 / ${dim})`;
    context.fillRect(0, 0, ...size);
    return [context, zoom];
  }

  function drawMaps() {
    if (!value) return;
    const {stage, joint, limb} = view, [first, second] = value.limbs[limb].map((end) => value.joints[end]);
    const [beliefs, zoom] = onPicture(find('.pin-belief'), LONGEST, 0.55);
    drawBelief(beliefs, value, maps, stage, joint, zoom);
    let most = 0;
    for (let row = 0; row < maps.rows; row++)
      for (let column = 0; column < maps.columns; column++) most = Math.max(most, maps.at(stage, joint, row, column));
    find('.pin-belief-said').textContent = `${value.joints[joint]}, stage ${stage + 1} of ${maps.stages}: at most ${most.toFixed(2)}. `
      + `${maps.columns} × ${maps.rows} pixels, 1 where a joint surely is.`;
    find('output[for=pose-stage]').textContent = `${stage + 1} of ${maps.stages}`;
    stageInput.setAttribute('aria-valuetext', `${stage + 1} of ${maps.stages}`);
    board.querySelectorAll('.pin-stages button').forEach((button, at) => button.setAttribute('aria-pressed', at === stage));
    find('.pin-field-said').textContent = `From ${first} to ${second}, stage ${stage + 1}: where the limb is, the way it points. `
      + 'Lines are candidate pairs; thick ones were chosen.';
    drawFieldAndPairs();
  }

  function drawStages() {  // the chosen joint at every stage, small
    find('.pin-stages').replaceChildren(...Array.from({length: maps.stages}, (_, stage) => {
      const button = document.createElement('button'), canvas = document.createElement('canvas');
      button.type = 'button';
      button.append(canvas, `stage ${stage + 1}`);
      button.addEventListener('click', () => setStage(stage));
      const [context, zoom] = onPicture(canvas, SMALL, 0.55);
      drawBelief(context, value, maps, stage, view.joint, zoom);
      return button;
    }));
  }

  function drawFieldAndPairs() {
    const {stage, limb} = view, [context, zoom] = onPicture(find('.pin-field'), LONGEST, 0.45);
    drawField(context, value, maps, stage, limb, zoom);
    const ends = value.limbs[limb], place = (end, number) => found?.peaks[ends[end]]?.[number]?.slice(0, 2).map((at) => (at + 0.5) * zoom);
    pairs.slice(0, done).forEach((pair, at) => {
      const now = at === done - 1 && done < pairs.length, from = place(0, pair.first), to = place(1, pair.second);
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
      (found?.peaks[ends[end]] || []).forEach((_, number) => label(context, 'AB'[end] + (number + 1), ...place(end, number), 15));
    }
  }

  // ---- candidate pairs

  async function refreshPairs() {
    if (!query) return;
    const asked = {...query, limb: view.limb}, answer = await askPairs(asked);
    if (!answer || asked.limb !== view.limb) return;
    [pairs, leftOut] = [answer.pairs, answer.left_out];
    done = pairs.length;
    showPairs();
  }

  function showPairs() {
    const [first, second] = value.limbs[view.limb].map((end) => value.joints[end]);
    find('tbody').innerHTML = pairs.map((pair, at) => {
      const looked = at < done, kind = !looked ? 'pin-later' : pair.verdict === 'chosen' ? 'pin-chosen' : '';
      return `<tr class="${kind}${at === done - 1 && done < pairs.length ? ' pin-now' : ''}"><td>${at + 1}</td>`
        + `<td>A${pair.first + 1}</td><td>B${pair.second + 1}</td><td>${written(pair.affinity, 3)}</td>`
        + `<td>${Math.round(100 * pair.agree)} %</td><td>${looked ? pair.verdict : ''}</td></tr>`;
    }).join('');
    find('.pin-none').textContent = pairs.length === 0 ? `There is no pair of a ${first} (A) and a ${second} (B).`
      : leftOut ? `${leftOut} weaker pairs are not listed.` : '';
    const chosen = pairs.slice(0, done).filter(({verdict}) => verdict === 'chosen').length;
    find('.pin-step').textContent = `${done} of ${pairs.length} pairs looked at, ${chosen} chosen`;
    find('.pin-next').disabled = done >= pairs.length;
    find('.pin-first').disabled = done === 0;
    find('tr.pin-now')?.scrollIntoView({block: 'nearest', inline: 'nearest'});
    drawFieldAndPairs();
  }

  find('.pin-first').addEventListener('click', () => { done = 0; find('.pin-scroll').scrollTop = 0; showPairs(); });
  find('.pin-next').addEventListener('click', () => { done++; showPairs(); });
  find('.pin-all').addEventListener('click', () => { done = pairs.length; showPairs(); });

  // ---- choices

  function setStage(stage) {
    view.stage = stage;
    stageInput.value = stage + 1;
    [pairs, found] = [[], null];  // those of another stage, until Python has answered
    drawMaps();
    document.dispatchEvent(new CustomEvent('pose:stage', {detail: stage}));
  }
  stageInput.addEventListener('input', () => { if (value) setStage(Number(stageInput.value) - 1); });
  jointChoice.addEventListener('change', () => { view.joint = Number(jointChoice.value); drawStages(); drawMaps(); });
  limbChoice.addEventListener('change', () => { view.limb = Number(limbChoice.value); pairs = []; drawMaps(); refreshPairs(); });

  document.addEventListener('pose:picture', ({detail}) => {
    const other = value?.network !== detail.value.network;
    [{value, picture}, maps, found, query, pairs] = [detail, mapsOf(detail.value), null, null, []];
    if (other) {
      const option = (text, at) => `<option value="${at}">${text}</option>`;
      jointChoice.innerHTML = value.joints.map(option).join('');
      limbChoice.innerHTML = value.limbs.map(([first, second], at) => option(`${value.joints[first]} to ${value.joints[second]}`, at)).join('');
      [view.joint, view.limb] = [value.joints.indexOf('right elbow'), 0];  // an arm is in nearly every picture
      [jointChoice.value, limbChoice.value] = [view.joint, view.limb];
    }
    view.stage = maps.stages - 1;
    stageInput.max = stageInput.value = maps.stages;
    drawStages();
    drawMaps();
  });
  document.addEventListener('pose:found', ({detail}) => {
    if (detail.query.stage !== view.stage) return;
    [found, query] = [detail.found, detail.query];
    refreshPairs();
  });
  document.dispatchEvent(new CustomEvent('pose:hello'));
}
