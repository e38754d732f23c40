#include "run_pool.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <numeric>

#include "descriptor_passing.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;

constexpr timeval kListenFor = {0, 100'000};

// What a child is without if it dies: its own report.
RunReply died(const std::string& how) {
  RunReply reply;
  reply.exit_code = kInternal;
  reply.err = fmt::format("ghostnet: the process of this run {}\n", how);
  reply.document = {
      {"status", "error"},
      {"error", {{"file", ""}, {"line", 0}, {"column", 0}, {"key", ""}, {"message", "its process " + how}}}};
  return reply;
}

// Waits for a process of ours to end, and says how it did.
std::string end_of(pid_t process) {
  int status = 0;
  pid_t ended;
  while ((ended = waitpid(process, &status, 0)) < 0 && errno == EINTR) {
  }
  if (ended != process) return "ended with no report";
  if (WIFSIGNALED(status)) return fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("ended with code {} and no report", WEXITSTATUS(status));
}

void write_line(int fd, const json& message) {
  const std::string text = message.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;  // nobody listens any more
    done += static_cast<std::size_t>(wrote);
  }
}

// What comes out of a pipe of a child, as lines of JSON.
struct Hearing {
  int pipe;
  std::string unread{};
  bool ended = false;

  std::vector<json> hear() {
    std::vector<json> messages;
    char buffer[65'536];
    const ssize_t got = read(pipe, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) return messages;
    if (got <= 0) {
      ended = true;
      return messages;
    }
    unread.append(buffer, static_cast<std::size_t>(got));
    std::size_t from = 0;
    for (std::size_t end; (end = unread.find('\n', from)) != std::string::npos; from = end + 1) {
      json message = json::parse(unread.substr(from, end - from), nullptr, false);
      if (message.is_object()) messages.push_back(std::move(message));
    }
    unread.erase(0, from);
    return messages;
  }
};

// How far a child is.
struct Advance {
  double share = 0;
  std::uint64_t turns = 0;

  bool note(const json& message) {
    if (!message.contains("share")) return false;
    share = message["share"].get<double>();
    turns = message["turns"].get<std::uint64_t>();
    return true;
  }
};

RunPool::Report report_to(int out) {
  return [out](double share, std::uint64_t turns) { write_line(out, {{"share", share}, {"turns", turns}}); };
}

// Ends with the process that this one is a child of.
void live_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) std::_Exit(kInterrupted);
  setpgid(0, 0);
}

}  // namespace

// A run under way.
struct RunPool::Child : Hearing, Advance {
  Child(std::size_t number, int out, pid_t id) : Hearing{.pipe = out}, index(number), process(id) {}

  std::size_t index;
  pid_t process;  // 0: it has not said so yet
  std::optional<RunReply> reply{};

  void understand(json& message) {
    if (note(message)) return;
    if (message.contains("process")) {
      process = message["process"].get<pid_t>();
      return;
    }
    reply = RunReply{.exit_code = message["exit_code"].get<int>(),
                     .document = std::move(message["document"]),
                     .out = message["out"].get<std::string>(),
                     .err = message["err"].get<std::string>()};
  }
};

struct RunPool::Stem : Hearing, Advance {
  Stem(Unit unit, int out, int requests, pid_t id)
      : Hearing{.pipe = out}, waiting(std::move(unit)), control(requests), process(id) {}

  Unit waiting;  // for a process of their own
  int control;   // -1: it has been told that nothing more comes
  pid_t process;
  bool ready = false;

  void release() {
    if (control >= 0) close(std::exchange(control, -1));
  }
};

RunPool::RunPool() = default;
RunPool::~RunPool() = default;

std::vector<std::size_t> RunPool::run(std::vector<Unit> units, std::size_t jobs) {
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto began = std::chrono::steady_clock::now();
  units_.assign(std::make_move_iterator(units.begin()), std::make_move_iterator(units.end()));
  for (const Unit& unit : units_) {
    for (const std::size_t index : unit) replies_.emplace_back(index, std::nullopt);
  }
  std::ranges::sort(replies_, {}, [](const auto& one) { return one.first; });
  while (true) {
    if (interrupted()) pass_interruption_on();
    while (!stopping_ && busy() < jobs && start_next()) {
    }
    if (children_.empty() && stems_.empty()) break;
    listen();
    collect();
    deliver();
    PoolProgress now = progress();
    now.turns_per_s /= std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    on_progress(now);
  }
  // What came after one that was not begun is still to be handed on.
  std::vector<std::size_t> left;
  for (std::size_t i = delivered_; i < replies_.size(); ++i) {
    auto& [index, reply] = replies_[i];
    reply ? on_reply(index, std::move(*reply)) : left.push_back(index);
  }
  return left;
}

// ---- starting ----

// Stems that have come to where their runs part take no processor.
std::size_t RunPool::busy() const {
  const auto grows = [](const Stem& stem) { return !stem.ready; };
  return children_.size() + static_cast<std::size_t>(std::ranges::count_if(stems_, grows));
}

bool RunPool::start_next() {
  for (Stem& stem : stems_) {
    if (stem.ready && !stem.ended && !stem.waiting.empty() && start_branch(stem)) return true;
  }
  if (units_.empty()) return false;
  Unit unit = std::move(units_.front());
  units_.pop_front();
  unit.size() == 1 ? start(unit.front()) : start_stem(std::move(unit));
  return true;
}

void RunPool::start(std::size_t index) {
  int ends[2];
  std::fflush(nullptr);
  if (pipe(ends) != 0) return fail_to_start(index, "pipe");
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    live_with(parent);
    close_all();
    close(ends[0]);
    be_child(index, ends[1], carry_out);
  }
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return fail_to_start(index, "fork");
  }
  children_.emplace_back(index, ends[0], child);
}

void RunPool::start_stem(Unit unit) {
  int ends[2], control[2];
  std::fflush(nullptr);
  if (pipe(ends) != 0) return fail_to_start(unit.front(), "pipe");
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control) != 0) {
    close(ends[0]), close(ends[1]);
    return fail_to_start(unit.front(), "socketpair");
  }
  const pid_t pool = getpid();
  const pid_t child = fork();
  if (child == 0) {
    live_with(pool);
    close_all();
    close(ends[0]), close(control[0]);
    be_stem(unit, ends[1], control[1], pool);
  }
  close(ends[1]), close(control[1]);
  // Without a process it is a stem whose pipe has ended.
  stems_.emplace_back(std::move(unit), ends[0], control[0], child);
}

bool RunPool::start_branch(Stem& stem) {
  int ends[2];
  const std::size_t index = stem.waiting.front();
  if (pipe(ends) != 0) {
    stem.waiting.erase(stem.waiting.begin());
    fail_to_start(index, "pipe");
    return true;
  }
  const bool sent = send_request(stem.control, {.number = index, .descriptor = ends[1]});
  close(ends[1]);
  if (!sent) {
    close(ends[0]);
    return false;
  }
  children_.emplace_back(index, ends[0], 0);
  stem.waiting.erase(stem.waiting.begin());
  if (stem.waiting.empty()) stem.release();
  return true;
}

void RunPool::fail_to_start(std::size_t index, const char* call) {
  RunReply reply;
  reply.exit_code = kInternal;
  reply.err = fmt::format("ghostnet: a run could not be started: {}: {}\n", call, std::strerror(errno));
  reply.document = {{"status", "error"}, {"error", {{"message", reply.err}}}};
  keep(index, std::move(reply));
}

// ---- in a child ----

void RunPool::close_all() const {
  for (const Child& child : children_) close(child.pipe);
  for (const Stem& stem : stems_) {
    close(stem.pipe);
    if (stem.control >= 0) close(stem.control);
  }
}

void RunPool::be_child(std::size_t index, int out, const CarryOut& body) {
  RunReply reply = body(index, report_to(out));
  write_line(out, {{"exit_code", reply.exit_code},
                   {"document", std::move(reply.document)},
                   {"out", std::move(reply.out)},
                   {"err", std::move(reply.err)}});
  std::fflush(nullptr);
  std::_Exit(kOk);
}

void RunPool::be_stem(const Unit& unit, int out, int control, pid_t pool) {
  const CarryOut go_on = begin_together(unit, report_to(out));
  if (!go_on) std::_Exit(kOk);
  write_line(out, {{"ready", true}});
  while (const std::optional<Request> request = receive_request(control)) {
    std::fflush(nullptr);
    // By way of a process that ends at once, so that the pool adopts the run.
    const pid_t between = fork();
    if (between == 0) {
      const pid_t self = getpid();
      const pid_t run = fork();
      if (run != 0) std::_Exit(run > 0 ? kOk : kInternal);
      while (getppid() == self) usleep(100);
      live_with(pool);
      close(out), close(control);
      write_line(request->descriptor, {{"process", getpid()}});
      be_child(request->number, request->descriptor, go_on);
    }
    close(request->descriptor);
    while (between > 0 && waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  std::_Exit(kOk);
}

// ---- listening ----

// Waits for lines of any child, but not long.
void RunPool::listen() {
  fd_set readable;
  FD_ZERO(&readable);
  int highest = -1;
  const auto add = [&](const Hearing& hearing) {
    FD_SET(hearing.pipe, &readable);
    highest = std::max(highest, hearing.pipe);
  };
  std::ranges::for_each(children_, add);
  std::ranges::for_each(stems_, add);
  timeval wait = kListenFor;
  if (select(highest + 1, &readable, nullptr, nullptr, &wait) <= 0) return;
  for (Child& child : children_) {
    if (!FD_ISSET(child.pipe, &readable)) continue;
    for (json& message : child.hear()) child.understand(message);
  }
  for (Stem& stem : stems_) {
    if (!FD_ISSET(stem.pipe, &readable)) continue;
    for (const json& message : stem.hear()) {
      if (!stem.note(message) && message.contains("ready")) stem.ready = true;
    }
  }
}

void RunPool::collect() {
  for (Child& child : children_) {
    if (child.ended) end(child);
  }
  for (Stem& stem : stems_) {
    if (stem.ended) end(stem);
  }
  std::erase_if(children_, [](const Child& child) { return child.ended; });
  std::erase_if(stems_, [](const Stem& stem) { return stem.ended; });
}

void RunPool::end(Child& child) {
  close(child.pipe);
  turns_of_ended_ += child.turns;
  const std::string how = child.process > 0 ? end_of(child.process) : "ended with no report";
  keep(child.index, child.reply ? std::move(*child.reply) : died(how));
}

void RunPool::end(Stem& stem) {
  close(stem.pipe);
  stem.release();
  turns_of_ended_ += stem.turns;
  if (stem.process > 0) end_of(stem.process);
  if (stopping_) return;
  for (auto index = stem.waiting.rbegin(); index != stem.waiting.rend(); ++index) units_.push_front({*index});
}

void RunPool::pass_interruption_on() {
  const bool first = !std::exchange(stopping_, true);
  for (const Child& child : children_) {
    if (first && child.process > 0) kill(child.process, SIGINT);
  }
  for (Stem& stem : stems_) {
    stem.release();
    if (first && stem.process > 0) kill(stem.process, SIGINT);
  }
}

void RunPool::keep(std::size_t index, RunReply reply) {
  const auto at = std::ranges::lower_bound(replies_, index, {}, [](const auto& one) { return one.first; });
  at->second = std::move(reply);
}

// Hands on what is complete from the front.
void RunPool::deliver() {
  for (; delivered_ < replies_.size() && replies_[delivered_].second; ++delivered_) {
    on_reply(replies_[delivered_].first, std::move(*replies_[delivered_].second));
    replies_[delivered_].second = RunReply{};
  }
}

PoolProgress RunPool::progress() const {
  PoolProgress progress{.under_way = children_.size(), .runs = replies_.size()};
  std::uint64_t turns = turns_of_ended_;
  std::size_t waiting = std::accumulate(units_.begin(), units_.end(), std::size_t{0},
                                        [](std::size_t sum, const Unit& unit) { return sum + unit.size(); });
  for (const Child& child : children_) {
    progress.share += child.share;
    turns += child.turns;
  }
  for (const Stem& stem : stems_) {
    waiting += stem.waiting.size();
    progress.share += stem.share * static_cast<double>(stem.waiting.size());
    turns += stem.turns;
  }
  progress.finished = progress.runs - progress.under_way - waiting;
  progress.share = (progress.share + static_cast<double>(progress.finished)) / static_cast<double>(progress.runs);
  progress.turns_per_s = static_cast<double>(turns);
  return progress;
}

}  // namespace ghostnet::cli
