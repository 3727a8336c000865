// Clouds of points on canvases, z up. Drawn here and not by Plotly: its script ships inside Gradio where a board cannot
// reach it, a gr.Plot takes a whole figure for every step of a slider, and WebGL is not everywhere. 4,096 points take 5
// ms.

import {
  capture,
  colourOf,
  hear,
  isDark,
  listed,
  numbersOf,
  onRelease,
  pixelRatio,
  stepOf,
  tell,
  thickness,
  unlisted,
} from './controls.js';
import {remember} from './state.js';

// Points as they come from Python, three numbers of 16 bits each, as a Float32Array of x, y, z, x, y, z, ...
export function unpacked(text) {
  return Float32Array.from(numbersOf(text, Int16Array), (value) => value / 16384);
}

// The same turned so that the file's axis `up` is z, as dlcv.pointnet.reading does it.
export function upright(points, up) {
  const turned = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = points.subarray(i, i + 3);
    turned.set(up === 'y' ? [x, -z, y] : up === 'x' ? [-z, y, x] : [x, y, z], i);
  }
  return turned;
}

// Colour number `part` (0 to 1) of a scale that is seen on the light page and on the dark one.
const SCALES = {
  light: [
    [64, 42, 128],
    [28, 110, 140],
    [60, 150, 90],
    [216, 148, 30],
    [196, 62, 26],
  ],
  dark: [
    [150, 130, 240],
    [80, 170, 220],
    [100, 210, 150],
    [245, 205, 90],
    [250, 130, 90],
  ],
};
export function scaled(part) {
  const stops = SCALES[isDark() ? 'dark' : 'light'];
  const at = Math.min(Math.max(part, 0), 0.9999) * (stops.length - 1);
  const low = Math.floor(at);
  return `rgb(${stops[low].map((value, c) => Math.round(value + (at - low) * (stops[low + 1][c] - value))).join()})`;
}

export function byHeight(points) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 2; i < points.length; i += 3) {
    low = Math.min(low, points[i]);
    high = Math.max(high, points[i]);
  }
  return Array.from({length: points.length / 3}, (_, i) => scaled((points[3 * i + 2] - low) / (high - low || 1)));
}

// All clouds that follow turn together: what one sees in the one is found again in the others.
const VIEW = {yaw: 0.62, pitch: 0.38, zoom: 1};

// How a view of a cloud, whose middle is at height `middle`, falls on a square canvas: project(x, y, z) is [across,
// down, size of things there], in perspective; depthOf(x, y, z) grows away from the eye.
export function projection({yaw, pitch, zoom}, side, middle) {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const near = side * 0.44 * zoom;
  const far = 3.6;
  const depthOf = (x, y, z) => (x * sy + y * cy) * cp - z * sp;
  const project = (x, y, z) => {
    const up = z - middle;
    const away = x * sy + y * cy;
    const size = far / (far + depthOf(x, y, up));
    return [side / 2 + (x * cy - y * sy) * near * size, side / 2 - (up * cp + away * sp) * near * size, size];
  };
  return {project, depthOf};
}

// The pointer, the wheel and the keys change a view {yaw, pitch, zoom} of a canvas: turn({yaw}), say, has what changes,
// and a double click asks for `first`.
export function steer(canvas, view, first, turn) {
  let dragging = null;
  canvas.addEventListener('pointerdown', (event) => {
    capture(canvas, event);
    dragging = [event.clientX, event.clientY];
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!dragging) return;
    const [x, y] = dragging;
    const unit = 3.2 / canvas.getBoundingClientRect().width;
    dragging = [event.clientX, event.clientY];
    turn({yaw: view.yaw - (event.clientX - x) * unit, pitch: view.pitch + (event.clientY - y) * unit});
  });
  onRelease(canvas, () => {
    dragging = null;
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (document.activeElement !== canvas && !event.ctrlKey) return; // else the page could not be scrolled past it
      event.preventDefault();
      turn({zoom: view.zoom * Math.exp(-event.deltaY / 500)});
    },
    {passive: false},
  );
  canvas.addEventListener('dblclick', () => turn(first));
  canvas.addEventListener('keydown', (event) => {
    const step = stepOf(event);
    const closer = {'+': 1.15, '-': 1 / 1.15}[event.key];
    if (step) turn({yaw: view.yaw - 0.15 * step[0], pitch: view.pitch + 0.15 * step[1]});
    if (!closer) return;
    event.preventDefault();
    turn({zoom: view.zoom * closer});
  });
}

// The same view in the address; one that moves until it is turned is none until then, and rest() lets it move again.
export function rememberView(canvas, view, turn, {isTurned = () => true, rest = () => {}} = {}) {
  remember(canvas, 'view', {
    get: () => (isTurned() ? listed([view.yaw, view.pitch, view.zoom]) : null),
    set(text) {
      const to = unlisted(text, 3);
      if (to) turn({yaw: to[0], pitch: to[1], zoom: to[2]});
      else rest();
    },
  });
}

// const cloud = makeCloud(canvas); cloud.show(points, colours, sizes): a css colour and a radius (1 is usual) per
// point. With `still` it does not turn; the view of one that is `leading` stands in the address.
export function makeCloud(canvas, {still = false, leading = false} = {}) {
  const view = {...VIEW};
  const put = canvas.getContext('2d');
  let points = new Float32Array(0);
  let colours = [];
  let sizes = null;
  let asked = false;
  let order = new Uint16Array(0);
  let depth = new Float32Array(0);

  function draw() {
    asked = false;
    const side = Math.round(canvas.clientWidth * pixelRatio(canvas));
    const count = points.length / 3;
    if (!side) return;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    put.clearRect(0, 0, side, side);
    let low = Infinity;
    let high = -Infinity;
    for (let i = 2; i < points.length; i += 3) {
      low = Math.min(low, points[i]);
      high = Math.max(high, points[i]);
    }
    const {project, depthOf} = projection(view, side, (low + high) / 2);
    if (!still && count) ground(project, low);
    if (order.length !== count) {
      order = Uint16Array.from({length: count}, (_, i) => i);
      depth = new Float32Array(count);
    }
    for (let i = 0; i < count; i++) {
      depth[i] = depthOf(points[3 * i], points[3 * i + 1], points[3 * i + 2]);
    }
    order.sort((a, b) => depth[b] - depth[a]);
    const radius = side * (still ? 0.013 : 0.0078 * thickness()) * Math.sqrt(view.zoom);
    for (const i of order) {
      const at = 3 * i;
      const [x, y, scale] = project(points[at], points[at + 1], points[at + 2]);
      put.globalAlpha = Math.max(0.3, Math.min(1, 0.78 - 0.4 * depth[i])); // what is far fades
      put.fillStyle = colours[i];
      put.beginPath();
      put.arc(x, y, radius * scale * (sizes ? sizes[i] : 1), 0, 7);
      put.fill();
    }
    put.globalAlpha = 1;
  }

  // A ring on the floor, so that one sees how the cloud stands.
  function ground(project, low) {
    put.beginPath();
    for (let step = 0; step <= 64; step++) {
      const [x, y] = project(0.75 * Math.cos((step * Math.PI) / 32), 0.75 * Math.sin((step * Math.PI) / 32), low);
      put[step ? 'lineTo' : 'moveTo'](x, y);
    }
    put.strokeStyle = colourOf(canvas, '--gallery-line');
    put.lineWidth = canvas.width / 500;
    put.stroke();
  }

  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(draw);
  };
  function turn(change) {
    Object.assign(view, change);
    view.pitch = Math.max(-1.57, Math.min(1.57, view.pitch));
    view.zoom = Math.max(0.5, Math.min(6, view.zoom));
    tell('cloud:view', {...view});
  }

  if (leading) rememberView(canvas, view, turn);
  new ResizeObserver(redraw).observe(canvas);
  if (!still) {
    hear('cloud:view', (other) => {
      Object.assign(view, other);
      redraw();
    });
    steer(canvas, view, VIEW, turn);
  }
  return {
    show(newPoints, newColours, newSizes = null) {
      [points, colours, sizes] = [newPoints, newColours, newSizes];
      redraw();
    },
  };
}
