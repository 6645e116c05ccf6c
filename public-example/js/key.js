import { startStepper } from './stepper.js';

startStepper([...document.querySelectorAll('.couplet')], document.querySelector('.trail'));
