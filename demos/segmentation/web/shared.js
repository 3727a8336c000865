// What the boards of this tab share: labels as pixels, classes as colours, stages, and pictures to choose.
import {button, choices, hear, tell, whenSeen} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';
import {makeView} from '../../frame/web/view.js';

const MOST = 999999; // of drawn pictures

// Labels of an image whose grey values they are: {labels, width, height}.
export function labelsOf(image) {
  const sheet = new OffscreenCanvas(image.width, image.height);
  const pen = sheet.getContext('2d', {willReadFrequently: true});
  pen.drawImage(image, 0, 0);
  const {data} = pen.getImageData(0, 0, image.width, image.height);
  return {
    labels: Uint8Array.from({length: data.length / 4}, (_, i) => data[4 * i]),
    width: image.width,
    height: image.height,
  };
}

// The colours of labels on a sheet of their own; what paint(label, place) gives no colour stays clear.
export function tinted({labels, width, height}, paint) {
  const sheet = new OffscreenCanvas(width, height);
  const picture = new ImageData(width, height);
  for (let i = 0; i < labels.length; i++) {
    const colour = paint(labels[i], i);
    if (colour) picture.data.set([...colour, 255], 4 * i);
  }
  sheet.getContext('2d').putImageData(picture, 0, 0);
  return sheet;
}

// A picture on a canvas with a sheet of colours over it: stage.show(image, size), stage.cover(sheet), stage.opacity.
// `over(pen, hair)` draws on top of both.
export function makeStage(canvas, over = () => {}) {
  const view = makeView(canvas);
  let sheet = null;
  let size = [1, 1];
  const stage = {
    view,
    opacity: 0.6,
    show(image, its) {
      size = its;
      view.show(image, size, [0, 0, ...size]);
    },
    cover(next) {
      sheet = next;
      view.redraw();
    },
  };
  view.draw = (pen, hair) => {
    if (sheet) {
      pen.globalAlpha = stage.opacity;
      pen.imageSmoothingEnabled = false;
      pen.drawImage(sheet, 0, 0, ...size);
      pen.globalAlpha = 1;
    }
    over(pen, hair);
  };
  return stage;
}

// The names of classes beside their colours.
export function legend(place, {names, colours}, there = () => true) {
  place.replaceChildren(
    ...names.flatMap((name, i) =>
      there(i) ? [made(html`<li><i style="background: rgb(${colours[i].join()})"></i>${name}</li>`)] : [],
    ),
  );
}

// ---- pictures to choose

let above = null; // the picture of the first section: what Python described of it
export function isAbove(picture) {
  above = picture;
  tell('segmentation:above', picture);
}

export const isAboveNow = () => above;

// Buttons at `place`: another drawn picture, or the one of the first section. `ask` is Python's open_picture, `loaded`
// the board's; `take` is called with {picture, image}: with the drawn one of that number when the board is first seen.
// Its number stays in the address.
export function picker(
  place,
  {ask, loaded, take, kind = 'street', number = 1, group: name = 'Picture', drawn = 'A drawn street'},
) {
  let current = 'drawn';
  const group = made(html`<span role="group" aria-label="${name}"></span>`);
  place.append(group);

  async function use(picture) {
    const image = await loaded(picture.picture);
    await take({picture, image});
  }
  async function open(next) {
    number = next;
    const picture = await ask({kind, number});
    if (picture) await use(picture);
  }
  const show = choices(
    group,
    {drawn, above: 'Picture above'},
    () => current,
    (key) => {
      if (key === 'above' && !above) return;
      current = key;
      if (current === 'above') use(above);
      else open(number);
    },
  );
  const another = button('Draw another', () => {
    current = 'drawn';
    show();
    open(Math.floor(Math.random() * (MOST + 1)));
  });
  place.append(another);
  remember(group, 'number', {
    get: () => String(number),
    set(text) {
      if (!/^\d{1,6}$/.test(text)) return;
      current = 'drawn';
      show();
      open(Number(text));
    },
  });
  hear('segmentation:above', (picture) => {
    if (current === 'above') use(picture);
  });
  whenSeen(place.closest('.board'), () => open(number));
}
