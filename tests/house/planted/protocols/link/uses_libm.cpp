// expect: libm
#include <cmath>

double delay(double u) { return -std::log(u); }
