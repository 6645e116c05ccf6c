import { startCatalogue } from './catalogue.js';
import { startWisps } from './wisps.js';

startCatalogue(document.getElementById('lights'), document.querySelector('.filters'));
startWisps(document.querySelector('.hero canvas'));
