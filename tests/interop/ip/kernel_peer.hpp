// The kernel as a peer: a network namespace of our own with a TUN device, and our stack on the other side of it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "ghostnet/ip/host.hpp"
#include "ghostnet/ip/shaped_link.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/link_control.hpp"
#include "ghostnet/realnet/tun.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::ip {

// What an ordinary line does to packets; nothing at all for `clean`, where the device's offloads are in use.
struct Line {
  std::string name;
  link::LinkParams params{};
  bool shaped = false;

  friend void PrintTo(const Line& line, std::ostream* out) { *out << line.name; }
};

inline std::vector<Line> lines() {
  link::LinkParams bad{.delay = 1ms,
                       .loss = Probability::of(0.01),
                       .duplicate = Probability::of(0.005),
                       .reorder = Probability::of(0.02),
                       .reorder_delay = 2ms};
  return {{.name = "clean"}, {.name = "bad", .params = bad, .shaped = true}};
}

class KernelPeer : public testing::TestWithParam<Line> {
 protected:
  static constexpr Duration kLimit = 60s;
  static inline const IpAddress kKernel4 = IpAddress::v4(10, 9, 0, 1);
  static inline const IpAddress kStack4 = IpAddress::v4(10, 9, 0, 2);
  static inline const IpAddress kKernel6 = IpAddress::v6({0xfd09, 0, 0, 0, 0, 0, 0, 1});
  static inline const IpAddress kStack6 = IpAddress::v6({0xfd09, 0, 0, 0, 0, 0, 0, 2});

  void SetUp() override {
    Result<std::unique_ptr<realnet::World>> made = realnet::World::create();
    ASSERT_TRUE(made) << made.error().message();
    world_ = std::move(*made);
    Result<realnet::NetworkNamespace> fresh = realnet::NetworkNamespace::create();
    if (!fresh) GTEST_SKIP() << "no network namespace of our own: " << fresh.error().message();
    where_ = std::make_shared<const realnet::NetworkNamespace>(std::move(*fresh));
    Result<std::unique_ptr<realnet::Tun>> tun =
        realnet::Tun::open(*world_, {.name = "wire", .addresses = {{kKernel4, 24}, {kKernel6, 64}}, .where = where_});
    if (!tun) GTEST_SKIP() << "no TUN device: " << tun.error().message();
    tun_ = std::move(*tun);
    {
      auto visit = realnet::NetworkNamespace::Visit::begin(where_.get());
      ASSERT_TRUE(visit && realnet::set_interface_up("lo", true));
    }
    ground_ = std::make_unique<realnet::Host>(*world_, realnet::HostOptions{.id = 0, .name = "ground"});
    kernel_ =
        std::make_unique<realnet::Host>(*world_, realnet::HostOptions{.id = 1, .name = "kernel", .where = where_});
    stack_ = std::make_unique<Host>(*ground_, HostOptions{.name = "stack"});
    IpLink* link = tun_.get();
    if (GetParam().shaped) {
      const auto profile = std::make_shared<link::LinkProfile>(*link::LinkProfile::make(GetParam().params));
      shaped_ = std::make_unique<ShapedLink>(*tun_, world_->clock(), Random::derive(1, 0, "line"),
                                             ShapedLinkOptions{.outgoing = profile, .incoming = profile});
      link = shaped_.get();
    }
    const auto attached = stack_->attach(*link, {.name = "wire", .addresses = {{kStack4, 24}, {kStack6, 64}}});
    ASSERT_TRUE(attached) << attached.error().message();
    // The kernel uses an IPv6 address only once it is sure to be alone with it (RFC 4862 5.4).
    for (int i = 0; i < 100 && !run(stack_->ping(kKernel6, {.timeout = 50ms})); ++i) {
    }
  }

  realnet::World& world() { return *world_; }
  ghostnet::Host& kernel() { return *kernel_; }
  Host& stack() { return *stack_; }

  template <class T>
  T run(Task<T> task) {
    auto outcome = world_->run(std::move(task));
    if (!outcome) throw std::runtime_error("the world was stopped");
    return std::move(*outcome);
  }

  struct Ran {
    int exit_code = -1;
    std::string output;
  };
  // A command of the shell in the namespace, while the world goes on.
  Ran shell(const std::string& command) { return run(run_shell(command)); }
  // The same, left running; it is ended with the test.
  void background(const std::string& command) { children_.push_back(start(command)); }

  static bool has(const std::string& program) {
    return std::system(("command -v " + program + " > /dev/null 2>&1").c_str()) == 0;
  }
  // Where the test may write.
  const std::string& directory() {
    if (directory_.empty()) {
      directory_ = testing::TempDir() + "ghostnet_interop_XXXXXX";
      if (::mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no directory for the test");
    }
    return directory_;
  }

  void TearDown() override {
    for (const pid_t child : children_) {
      ::kill(-child, SIGTERM);
      ::waitpid(child, nullptr, 0);
    }
    if (!directory_.empty()) std::system(("rm -r '" + directory_ + "'").c_str());
  }

 private:
  pid_t start(const std::string& command) {
    auto visit = realnet::NetworkNamespace::Visit::begin(where_.get());
    const pid_t child = ::fork();
    if (child == 0) {
      ::setpgid(0, 0);
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      std::_Exit(127);
    }
    return child;
  }
  Task<Ran> run_shell(std::string command) {
    const std::string log = directory() + "/output";
    const pid_t child = start("( " + command + " ) > '" + log + "' 2>&1");
    int status = 0;
    const TimePoint end = world_->clock().now() + kLimit;
    while (::waitpid(child, &status, WNOHANG) == 0) {
      co_await world_->clock().sleep(2ms);
      if (world_->clock().now() > end) ::kill(-child, SIGKILL);
    }
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    co_return Ran{WIFEXITED(status) ? WEXITSTATUS(status) : -1, text.str()};
  }

  std::unique_ptr<realnet::World> world_;
  std::shared_ptr<const realnet::NetworkNamespace> where_;
  std::unique_ptr<realnet::Tun> tun_;
  std::unique_ptr<ShapedLink> shaped_;
  std::unique_ptr<realnet::Host> ground_;
  std::unique_ptr<realnet::Host> kernel_;
  std::unique_ptr<Host> stack_;
  std::vector<pid_t> children_;
  std::string directory_;
};

}  // namespace ghostnet::ip
