// The main function of a fuzzer in builds without libFuzzer.
//
//   <name>_fuzz CORPUS [COUNT]   runs every file of the directory in order of name, and then COUNT inputs made from
//   them
//                                by flips, cuts, repeats and splices under a fixed seed. A fuzzer with a list of what
//                                it must reach (coverage.hpp) has reached it by the files
//   <name>_fuzz FILE             runs that input alone
//
// It fails as the fuzzer does, by a signal, and says on which input.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" __attribute__((weak)) int fuzz_missing();

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMaxInputBytes = 4096;  // libFuzzer's own default
constexpr int kGeneratedInputs = 5000;

char current_input[512] = "before the first input";  // what the signal handler may read

void report(int signal) {
  constexpr char kWhere[] = "\nfuzz replay stopped at: ";
  [[maybe_unused]] auto a = write(STDERR_FILENO, kWhere, sizeof(kWhere) - 1);
  [[maybe_unused]] auto b = write(STDERR_FILENO, current_input, strlen(current_input));
  [[maybe_unused]] auto c = write(STDERR_FILENO, "\n", 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

class Generator {
 public:
  explicit Generator(const std::vector<Input>& seeds) : seeds_(seeds) {}

  Input next() {
    Input input = seeds_.empty() || below(8) == 0 ? noise() : seeds_[below(seeds_.size())];
    for (auto changes = 1 + below(6); changes > 0; --changes) change(input);
    input.resize(std::min(input.size(), kMaxInputBytes));
    return input;
  }

 private:
  // splitmix64
  std::uint64_t draw() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(draw() % bound); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(draw()); }

  Input noise() {
    Input input(below(64));
    for (auto& b : input) b = byte();
    return input;
  }

  void change(Input& input) {
    constexpr std::uint8_t kEdges[] = {0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff};
    if (input.empty()) return input.push_back(byte());
    const auto at = below(input.size());
    const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0: input[at] ^= static_cast<std::uint8_t>(1U << below(8)); break;
      case 1: input[at] = kEdges[below(std::size(kEdges))]; break;
      case 2: input.insert(here, byte()); break;
      case 3: input.resize(at); break;
      case 4: input.erase(here, here + static_cast<std::ptrdiff_t>(1 + below(input.size() - at))); break;
      case 5: {
        const Input piece(here,
                          here + static_cast<std::ptrdiff_t>(1 + below(std::min<std::size_t>(input.size() - at, 64))));
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), piece.begin(), piece.end());
        break;
      }
      default: {
        if (seeds_.empty()) break;
        const auto& other = seeds_[below(seeds_.size())];
        input.resize(at);
        if (!other.empty())
          input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())), other.end());
      }
    }
  }

  const std::vector<Input>& seeds_;
  std::uint64_t state_ = 1;
};

Input read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

void run(const Input& input) {
  // An exact allocation, so that a sanitizer sees the first byte read past the end.
  const Input exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY|FILE [GENERATED_INPUTS]\n", argv[0]);
    return 2;
  }
  for (int signal : {SIGABRT, SIGSEGV, SIGILL, SIGFPE, SIGBUS}) std::signal(signal, report);
  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);

  const std::filesystem::path place = argv[1];
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(place)) {
    for (const auto& entry : std::filesystem::directory_iterator(place)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else if (std::filesystem::exists(place)) {
    files.push_back(place);
  }

  std::vector<Input> seeds;
  for (const auto& file : files) {
    std::snprintf(current_input, sizeof(current_input), "%s", file.c_str());
    seeds.push_back(read_file(file));
    run(seeds.back());
  }
  const bool one_file = std::filesystem::is_regular_file(place);
  if (fuzz_missing && !one_file && fuzz_missing() != 0) {
    std::fprintf(stderr, "the corpus does not reach everything\n");
    return 1;
  }
  const int generated = argc > 2 ? std::atoi(argv[2]) : one_file ? 0 : kGeneratedInputs;
  Generator generator(seeds);
  for (int i = 0; i < generated; ++i) {
    std::snprintf(current_input, sizeof(current_input), "generated input %d of %s", i, argv[0]);
    run(generator.next());
  }
  std::printf("%zu inputs of the corpus and %d generated ones\n", files.size(), generated);
}
