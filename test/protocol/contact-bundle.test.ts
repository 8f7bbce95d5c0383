import { test } from 'vitest';

test.todo('being written by P1');
