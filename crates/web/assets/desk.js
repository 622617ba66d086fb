// What the dashboard does better with scripts; each page is complete without.
"use strict";
