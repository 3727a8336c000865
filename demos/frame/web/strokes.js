// Digits as a pen writes them: x, y in twentieths of the paper, Bezier curves.
import {inked} from './pad.js';

const STROKES = [
  'M10 4C5 4 5 16 10 16C15 16 15 4 10 4',
  'M8 7L11 4L10.5 16',
  'M6 7C6 3 14 3 13.5 7C13 10 8 13 6 16L14.5 15.6',
  'M6.5 5C10 3 14 4 13 7C12.5 9 11 9.5 9 9.8C13 9.6 15 12 13 14.5C11 17 7 16 6 14.5',
  'M8 4L6 11L14 11M12.5 6L11.5 16.5',
  'M14 4.5L8 4.5L7 9.5C11 8 14.5 10 13.5 13C12.5 16.5 8 16.5 6.5 14.5',
  'M13 4C8 5 6 11 7 14C8.5 17.5 14 16 13.5 12.5C13 9.5 9 9.5 7 13',
  'M6 5L14 5L9 16',
  'M13 5.5C10 2.5 5.5 5 8 8C10 10 14 11 13 14C12 17 6.5 16 7 13C7.5 10.5 13 9 13.5 6.5',
  'M13 7.5C12 4 6.5 4.5 7 8C7.5 11 12 10.5 13.2 7L12.5 16.5',
];

// The ten digits, black on white, as data URIs.
export const writtenDigits = () => STROKES.map((path) => inked(path, 14));
