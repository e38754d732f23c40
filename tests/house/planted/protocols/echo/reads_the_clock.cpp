// expect: clock
#include <chrono>

long now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
