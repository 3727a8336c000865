// How a board begins. The few lines in the page that Python wrote (demos/frame/board.py) import this file and the
// board's own, whose default export is called with what Gradio gives a component and with what is bound to this board.
import {colourOf} from './controls.js';
import {liveCalls} from './live.js';

export function start(begin, given) {
  const board = given.element.querySelector('.board');
  const find = (selector) => board.querySelector(selector);
  const findAll = (selector) => [...board.querySelectorAll(selector)];
  const colour = (name) => colourOf(board, name);
  // Calls use(value) with what came before the board began (`first` is what it was made with), and with all that comes.
  const onValue = (use) => {
    const {props, watch} = given;
    watch('value', () => {
      if (props.value) use(props.value);
    });
    if (props.value) use(props.value);
  };
  begin({...given, ...liveCalls(board), board, find, findAll, colour, onValue});
  board.dataset.started = 'yes';
}
