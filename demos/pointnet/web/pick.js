// Where clouds come from: shapes to choose, and the visitor's file, which arrives as a value. Says 'pointnet:cloud'.
import {byHeight, makeCloud, unpacked, upright} from '../../frame/web/cloud.js';
import {onThemeChange} from '../../frame/web/controls.js';

export default function ({first, server, find, say, liveCaller, onValue}) {
  const askShape = liveCaller(server.shape), askAnother = liveCaller(server.shape), {shapes, made} = first, pictures = {}, clouds = {};
  let chosen = null, current = null;

  function choose(cloud, name = null) {
    [chosen, current] = [name, cloud];
    say('');
    for (const button of find('.pick').children) button.setAttribute('aria-pressed', button.dataset.name === name);
    find('.pick-another').disabled = !made.includes(name);
    document.dispatchEvent(new CustomEvent('pointnet:cloud', {detail: cloud}));
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
    find(`.pick [data-name=${name}]`).disabled = false;
    picture(name);
    return true;
  }

  find('.pick-another').addEventListener('click', async () => {
    const name = chosen;
    if (await bring(askAnother, name, Math.floor(Math.random() * 1e6)) && chosen === name) choose(clouds[name], name);
  });
  document.addEventListener('pointnet:wanted', () => { if (current) choose(current, chosen); });
  onValue((value) => {
    if (value.error) say(value.error);
    else if (value.cloud) choose(value);
  });
  onThemeChange(() => Object.keys(clouds).forEach(picture));

  for (const name of Object.keys(shapes)) {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.name = name;
    button.disabled = true;  // until it is there
    button.innerHTML = `<canvas aria-hidden="true"></canvas><span>${name}</span>`;
    button.addEventListener('click', () => choose(clouds[name], name));
    find('.pick').append(button);
    pictures[name] = makeCloud(button.querySelector('canvas'), {still: true});
  }
  (async () => {
    for (const [name, seed] of Object.entries(shapes))
      if (await bring(askShape, name, seed) && !current) choose(clouds[name], name);
  })();
}
