// expect: random
#include <cstdlib>

int roll() { return std::rand() % 6; }
