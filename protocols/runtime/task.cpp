#include "ghostnet/runtime/task.hpp"

#include <exception>
#include <utility>

namespace ghostnet {

void PromiseBase::keep_failure(std::exception_ptr failure) {
  root_or_failure_ = reinterpret_cast<std::uintptr_t>(new std::exception_ptr(std::move(failure))) | kFailed;
}

void PromiseBase::rethrow_failure() const { std::rethrow_exception(failure()); }

void PromiseBase::forget_failure() { delete &failure(); }

Error detail::error_from_exception(std::exception_ptr exception) noexcept {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return {Errc::internal, fmt::format("exception: {}", e.what())};
  } catch (...) {
    return {Errc::internal, "an exception that is not a std::exception"};
  }
}

}  // namespace ghostnet
