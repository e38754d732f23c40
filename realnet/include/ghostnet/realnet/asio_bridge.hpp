// AsioBridge: a world as a guest of a Boost.Asio io_context.
//
// Asio waits for one descriptor, the world's epoll, and for one timer, the world's next deadline; when either comes,
// the world takes a turn. Handlers that Asio still holds when the bridge goes find it gone and do nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

namespace ghostnet::realnet {

class World;

class AsioBridge {
 public:
  AsioBridge(World& world, boost::asio::io_context& context);
  AsioBridge(const AsioBridge&) = delete;
  AsioBridge& operator=(const AsioBridge&) = delete;
  ~AsioBridge();

  boost::asio::io_context& context() { return context_; }
  // Runs at least one handler, Asio's or the world's. False: the context was stopped.
  bool run_one();

 private:
  struct Guest;

  boost::asio::io_context& context_;
  std::shared_ptr<Guest> guest_;
};

}  // namespace ghostnet::realnet
