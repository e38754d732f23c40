// Background: a thread for what takes longer than the window may wait: layouts, pictures.
//
// It is asked as the DataSource is: the work runs there, its answer comes back on the window's thread, and asking again
// with the same Inquiry, or dropping it, supersedes what was asked. Long work looks at its ticket now and then. Work
// captures values and shared things that do not change, never widgets.
#pragma once

#include <QObject>
#include <atomic>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "ghostnet/gui/data_source.hpp"

namespace ghostnet::gui {

class Background : public QObject {
  Q_OBJECT

 public:
  explicit Background(QObject* parent = nullptr);
  ~Background() override;

  // Calls done(answer) with what work(ticket) returned.
  template <class Work, class Done>
  void ask(Inquiry& inquiry, Work work, Done done) {
    const Ticket ticket = inquiry.next();
    add(ticket, [this, ticket, work = std::move(work), done = std::move(done)]() mutable {
      auto answer = std::make_shared<std::invoke_result_t<Work, const Ticket&>>(work(ticket));
      post([ticket, answer, done = std::move(done)]() mutable {
        if (ticket.wanted()) done(std::move(*answer));
      });
    });
  }
  // From the work: runs it on the thread of this object. For what is known before the end.
  void post(std::move_only_function<void()> call);

  std::size_t pending() const { return pending_.load(); }

 private:
  class Thread;
  void add(const Ticket& ticket, std::move_only_function<void()> job);

  std::atomic<std::size_t> pending_ = 0;
  std::unique_ptr<Thread> thread_;
};

}  // namespace ghostnet::gui
