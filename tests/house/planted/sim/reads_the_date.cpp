// expect: clock
#include <sys/time.h>

long now_s() {
  timeval now{};
  gettimeofday(&now, nullptr);
  return now.tv_sec;
}
