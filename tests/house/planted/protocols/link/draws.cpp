// expect: random
#include <random>

unsigned draw() {
  std::random_device device;
  return device();
}
