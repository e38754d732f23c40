// expect: nothing
#include <cstdlib>

// tidy: allow environment, to show that a reason is enough
const char* home() { return std::getenv("HOME"); }
const char* shell() { return std::getenv("SHELL"); }  // tidy: allow environment, also at the end of a line
