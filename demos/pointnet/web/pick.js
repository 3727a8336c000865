// Where clouds come from: shapes to choose, and the visitor's file, which arrives as a value. Says 'pointnet:cloud'.

import {byHeight, makeCloud, unpacked, upright} from '../../frame/web/cloud.js';
import {anySeed, hear, onThemeChange, rememberSeed, tell} from '../../frame/web/controls.js';
import {fill, html, made} from '../../frame/web/html.js';

const AXES = ['x', 'y', 'z'];

export default function ({first, props, trigger, server, find, findAll, say, liveCaller, onValue}) {
  const askShape = liveCaller(server.shape);
  const askAnother = liveCaller(server.shape);
  const {shapes, strangers, made: kinds} = first;
  const pictures = {};
  const clouds = {};
  const seeds = {...shapes};
  let chosen = null;
  let current = null;

  function choose(cloud, name = null) {
    [chosen, current] = [name, cloud];
    say('');
    find('.pick-which').hidden = true;
    for (const one of findAll('.pick button')) one.setAttribute('aria-pressed', one.dataset.name === name);
    find('.pick-another').disabled = !kinds.includes(name);
    tell('pointnet:cloud', cloud);
  }

  function picture(name) {
    const points = upright(unpacked(clouds[name].cloud), clouds[name].up);
    pictures[name].show(points, byHeight(points));
  }

  // Fetches a shape and shows it on its button.
  async function bring(ask, name, seed) {
    const answer = await ask({name, seed});
    if (!answer) return false;
    clouds[name] = answer;
    seeds[name] = seed;
    find(`.pick [data-name="${name}"]`).disabled = false;
    picture(name);
    return true;
  }

  async function another(seed) {
    const name = chosen;
    if ((await bring(askAnother, name, seed)) && chosen === name) choose(clouds[name], name);
  }
  find('.pick-another').addEventListener('click', () => another(anySeed()));
  rememberSeed(
    find('.pick-another'),
    () => (kinds.includes(chosen) && seeds[chosen] !== shapes[chosen] ? seeds[chosen] : null),
    another,
  );
  hear('pointnet:wanted', () => {
    if (current) choose(current, chosen);
  });
  // Asks which columns of a table are the coordinates, beside its first rows.
  function askWhich({said, names, rows, likely}) {
    const title = (at) => names[at] || `column ${at + 1}`;
    const cells = (row) => names.map((_, at) => html`<td>${row[at] ?? ''}</td>`);
    find('.pick-asked').textContent = said;
    fill(
      find('.pick-rows table'),
      html`<thead><tr>${names.map((_, at) => html`<th scope="col">${title(at)}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody>`,
    );
    fill(
      find('.pick-axes'),
      html`${AXES.map((axis) => html`<label>${axis}<select aria-label="Column of ${axis}"></select></label>`)}`,
    );
    findAll('.pick-axes select').forEach((select, axis) => {
      select.append(...names.map((_, at) => new Option(title(at), at + 1)));
      select.value = (likely[axis] ?? axis) + 1;
      select.addEventListener('change', markUsed);
    });
    markUsed();
    find('.pick-which').hidden = false;
    find('.pick-which').scrollIntoView({block: 'nearest'});
  }

  const selected = () => findAll('.pick-axes select').map((select) => Number(select.value));
  function markUsed() {
    for (const cell of findAll('.pick-rows :is(th, td)'))
      cell.classList.toggle('pick-used', selected().includes(cell.cellIndex + 1));
    find('.pick-read').disabled = new Set(selected()).size < AXES.length;
  }
  find('.pick-read').addEventListener('click', () => {
    props.value = {columns: selected().join()};
    trigger('columns');
  });

  onValue((value) => {
    if (value.which) {
      say('');
      askWhich(value.which);
    } else if (value.error) {
      say(value.error);
      find('.pick-which').hidden = true;
    } else if (value.cloud) choose(value);
  });
  onThemeChange(() => Object.keys(clouds).forEach(picture));

  for (const name of Object.keys(shapes)) {
    const one = made(html`<button type="button" data-name="${name}" disabled><canvas aria-hidden="true"></canvas>
      <span>${name}</span></button>`); // disabled until the shape is there
    one.addEventListener('click', () => choose(clouds[name], name));
    find(strangers.includes(name) ? '.pick-strangers' : '.pick-known').append(one);
    pictures[name] = makeCloud(one.querySelector('canvas'), {still: true});
  }
  (async () => {
    for (const [name, seed] of Object.entries(shapes))
      if ((await bring(askShape, name, seed)) && !current) choose(clouds[name], name);
  })();
}
