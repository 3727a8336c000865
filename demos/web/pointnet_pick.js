// Where clouds come from: shapes to choose, and the visitor's file, which arrives as a value. Says 'pointnet:cloud'.
const find = (selector) => board.querySelector(selector);
const askExamples = liveCaller(server.examples), askAnother = liveCaller(server.another);
const made = props.value.made, pictures = {};
let chosen = null, current = null, clouds = {};

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

find('.pick-another').addEventListener('click', async () => {
  const name = chosen, answer = await askAnother({name, seed: Math.floor(Math.random() * 1e6)});
  if (!answer || chosen !== name) return;
  clouds[name] = answer;
  picture(name);
  choose(answer, name);
});
document.addEventListener('pointnet:wanted', () => { if (current) choose(current, chosen); });
watch('value', () => {
  if (props.value.error) say(props.value.error);
  else if (props.value.cloud) choose(props.value);
});
onThemeChange(() => Object.keys(clouds).forEach(picture));

askExamples({}).then((answer) => {
  if (!answer) return;
  clouds = answer.shapes;
  for (const name of Object.keys(clouds)) {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.name = name;
    button.innerHTML = '<canvas aria-hidden="true"></canvas><span></span>';
    button.querySelector('span').textContent = clouds[name].title;
    button.addEventListener('click', () => choose(clouds[name], name));
    find('.pick').append(button);
    pictures[name] = makeCloud(button.querySelector('canvas'), {still: true});
    picture(name);
  }
  if (!props.value.cloud) choose(clouds[made[0]], made[0]);
});
