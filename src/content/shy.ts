import { shyMark } from './channel.ts';

// Runs right before inpage.js where the user wants the provider hidden until a page asks for it.
Object.defineProperty(window, shyMark, { value: true, configurable: true });
