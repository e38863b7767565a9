// SPDX-License-Identifier: Apache-2.0
// Result<T, E>: a value or the reason there is none. Shaped like std::expected, which g++ 12 has only in C++23 mode.
// Freestanding: no exceptions, no RTTI, no heap of its own; value() and error() must be asked for what is there.
#pragma once

#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

namespace otabahn {

struct Error;

template <class E>
class Unexpected {
  public:
    constexpr explicit Unexpected(E error) : error_(std::move(error)) {}
    constexpr const E& error() const& { return error_; }
    constexpr E&& error() && { return std::move(error_); }

  private:
    E error_;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E = Error>
class [[nodiscard]] Result {
  public:
    using value_type = T;
    using error_type = E;

    constexpr Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    template <class G>
    requires std::is_constructible_v<E, G&&>
    constexpr Result(Unexpected<G> unexpected) : state_(std::in_place_index<1>, std::move(unexpected).error()) {}

    constexpr bool has_value() const { return state_.index() == 0; }
    constexpr explicit operator bool() const { return has_value(); }

    constexpr T& value() & { return *checked(std::get_if<0>(&state_)); }
    constexpr const T& value() const& { return *checked(std::get_if<0>(&state_)); }
    constexpr T&& value() && { return std::move(*checked(std::get_if<0>(&state_))); }
    constexpr T& operator*() & { return value(); }
    constexpr const T& operator*() const& { return value(); }
    constexpr T&& operator*() && { return std::move(*this).value(); }
    constexpr T* operator->() { return &value(); }
    constexpr const T* operator->() const { return &value(); }

    constexpr E& error() & { return *checked(std::get_if<1>(&state_)); }
    constexpr const E& error() const& { return *checked(std::get_if<1>(&state_)); }
    constexpr E&& error() && { return std::move(*checked(std::get_if<1>(&state_))); }

    template <class U>
    constexpr T value_or(U&& other) const& {
        return has_value() ? value() : static_cast<T>(std::forward<U>(other));
    }

  private:
    template <class P>
    static constexpr P* checked(P* pointer) {
        assert(pointer != nullptr);
        return pointer;
    }
    std::variant<T, E> state_;
};

// Nothing to give back but whether it worked.
template <class E>
class [[nodiscard]] Result<void, E> {
  public:
    using value_type = void;
    using error_type = E;

    constexpr Result() = default;
    template <class G>
    requires std::is_constructible_v<E, G&&>
    constexpr Result(Unexpected<G> unexpected) : state_(std::in_place_index<1>, std::move(unexpected).error()) {}

    constexpr bool has_value() const { return state_.index() == 0; }
    constexpr explicit operator bool() const { return has_value(); }
    constexpr E& error() & { return *std::get_if<1>(&state_); }
    constexpr const E& error() const& { return *std::get_if<1>(&state_); }
    constexpr E&& error() && { return std::move(*std::get_if<1>(&state_)); }

  private:
    std::variant<std::monostate, E> state_;
};

}  // namespace otabahn
