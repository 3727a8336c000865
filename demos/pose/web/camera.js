// The camera, live: one picture at a time goes to Python, and is shown with its people when they are known, while the
// next one is on its way. A visitor who stops, or leaves, holds nothing.
import {choices} from '../../frame/web/controls.js';
import {drawPeople} from '../../frame/web/skeleton.js';

export default function ({first, server, board, find, say, liveCaller}) {
  const {peak, link, side, networks} = first;
  const askWatch = liveCaller(server.watch);
  const view = find('.pc-view');
  const context = view.getContext('2d');
  const video = document.createElement('video');
  const [small, ...pictures] = [0, 1, 2].map(() => document.createElement('canvas')); // what is sent; what is shown
  [video.muted, video.playsInline] = [true, true];
  let stream = null;
  let network = Object.keys(networks)[0];

  const whoOf = (count) => ['nobody', '1 person'][count] || `${count} people`;
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
    for (const track of stream?.getTracks() || []) track.stop();
    [stream, video.srcObject] = [null, null];
    [find('.pc-start').hidden, find('.pc-start').disabled, find('.pc-stop').hidden, view.hidden] = [
      false,
      false,
      true,
      true,
    ];
    find('.pc-said').textContent = '';
  }

  // Keeps the camera's picture of this moment, and asks for the people in it.
  function ask(picture) {
    const longer = Math.max(video.videoWidth, video.videoHeight);
    for (const [canvas, source, pixels] of [
      [picture, video, Math.min(longer, 720)],
      [small, picture, side],
    ]) {
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight].map((length) =>
        Math.max(1, Math.round((length * pixels) / longer)),
      );
      const pen = canvas.getContext('2d', {willReadFrequently: true}); // a canvas of the GPU takes 10 ms to read
      pen.imageSmoothingQuality = 'medium';
      pen.drawImage(source, 0, 0, canvas.width, canvas.height);
    }
    return askWatch({frame: small.toDataURL('image/jpeg', 0.85), peak, link, network});
  }

  async function run() {
    const own = stream;
    const times = [];
    let [picture, next] = pictures;
    let asked = ask(picture);
    while (true) {
      const answer = await asked;
      if (stream !== own) return;
      if (!answer || !seen()) return stop();
      asked = ask(next);
      show(picture, answer);
      [picture, next] = [next, picture];
      times.push(performance.now());
      if (times.length > 20) times.shift();
      const rate = times.length > 1 ? (1000 * (times.length - 1)) / (times.at(-1) - times[0]) : 0;
      const count = answer.people.length;
      find('.pc-said').textContent = `${whoOf(count)}, ${rate.toFixed(1)} pictures a second`;
      view.dataset.shown = Number(view.dataset.shown || 0) + 1;
      await new Promise(requestAnimationFrame);
    }
  }

  function show(picture, {people, limbs}) {
    // as in a mirror
    [view.width, view.height] = [picture.width, picture.height];
    context.setTransform(-1, 0, 0, 1, view.width, 0);
    context.drawImage(picture, 0, 0);
    context.resetTransform();
    drawPeople(
      context,
      people.map(({places}, at) => ({
        number: at + 1,
        places: places.map((place) => place && [(1 - place[0]) * view.width, place[1] * view.height]),
      })),
      limbs,
      5,
    );
  }

  choices(
    find('.pc-network'),
    networks,
    () => network,
    (key) => {
      network = key;
    },
  );
  find('.pc-start').addEventListener('click', start);
  find('.pc-stop').addEventListener('click', stop);
}
