// The camera, live: one picture at a time goes to Python, and is shown with its people when they are known. Nothing runs
// between two pictures, so that a visitor who stops, or leaves, holds nothing.
const find = (selector) => board.querySelector(selector);
const {peak, link, side} = props.value;
const askWatch = liveCaller(server.watch);
const view = find('.pc-view'), context = view.getContext('2d'), video = document.createElement('video'), small = document.createElement('canvas');
[video.muted, video.playsInline] = [true, true];
let stream = null;

const seen = () => document.visibilityState === 'visible' && board.offsetParent !== null;

async function start() {
  say('');
  find('.pc-start').disabled = true;
  try {
    stream = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 640}}});
  } catch (_) {
    say('No camera can be used: allow it in the browser. It works on https or on this computer only.');
    return stop();
  }
  video.srcObject = stream;
  await video.play();
  [find('.pc-start').hidden, find('.pc-stop').hidden, view.hidden] = [true, false, false];
  run();
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  [stream, video.srcObject] = [null, null];
  [find('.pc-start').hidden, find('.pc-start').disabled, find('.pc-stop').hidden, view.hidden] = [false, false, true, true];
  find('.pc-said').textContent = '';
}

async function run() {
  const own = stream, times = [];
  while (stream === own) {
    if (!seen()) return stop();
    const scale = side / Math.max(video.videoWidth, video.videoHeight);
    [small.width, small.height] = [video.videoWidth, video.videoHeight].map((length) => Math.max(1, Math.round(length * scale)));
    small.getContext('2d').drawImage(video, 0, 0, small.width, small.height);
    const answer = await askWatch({frame: small.toDataURL('image/jpeg', 0.85), peak, link});
    if (stream !== own) return;
    if (!answer) return stop();
    show(answer);
    times.push(performance.now());
    if (times.length > 20) times.shift();
    const rate = times.length > 1 ? 1000 * (times.length - 1) / (times.at(-1) - times[0]) : 0, count = answer.people.length;
    find('.pc-said').textContent = `${count === 0 ? 'nobody' : count === 1 ? '1 person' : `${count} people`}, ${rate.toFixed(1)} pictures a second`;
    view.dataset.shown = Number(view.dataset.shown || 0) + 1;
    await new Promise(requestAnimationFrame);
  }
}

function show({people, limbs}) {  // as in a mirror
  const zoom = 720 / Math.max(small.width, small.height);
  [view.width, view.height] = [small.width * zoom, small.height * zoom];
  context.setTransform(-1, 0, 0, 1, view.width, 0);
  context.drawImage(small, 0, 0, view.width, view.height);
  context.resetTransform();
  drawPeople(context, people.map(({places}, at) => (
    {number: at + 1, places: places.map((place) => place && [(1 - place[0]) * view.width, place[1] * view.height])})), limbs, 5);
}

find('.pc-start').addEventListener('click', start);
find('.pc-stop').addEventListener('click', stop);
