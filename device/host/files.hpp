// SPDX-License-Identifier: Apache-2.0
// File descriptors that close themselves, and the few durable file operations that the slots and the state need.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <utility>

namespace otabahn::device {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~Descriptor() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset();

  private:
    int fd_ = -1;
};

// "PATH: what failed: the system's words"
std::string trouble_with(const std::filesystem::path& path, std::string_view what);

Result<void> make_folder(const std::filesystem::path& folder);
// Makes names in the folder durable.
bool sync_folder(const std::filesystem::path& folder);
bool write_all(int fd, ByteView bytes, std::uint64_t offset);
// The whole file; nothing when it is not there or longer than `most`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t most);
// Whole or not at all, and durable: a temporary file, then its name.
Result<void> replace_file(const std::filesystem::path& path, ByteView bytes);

}  // namespace otabahn::device
