// expect: thread
#include <thread>

void start() {
  std::jthread([] {}).join();
}
