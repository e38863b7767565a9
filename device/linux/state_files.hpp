// SPDX-License-Identifier: Apache-2.0
// The two state pages as two files, written in turn and in place: a write cut off anywhere leaves the other file whole, and
// the record's checksum tells. One sync a page.
#pragma once

#include "device/host/files.hpp"
#include "device/port/ports.hpp"

#include <array>
#include <filesystem>
#include <string>

namespace otabahn::device {

class StateFiles final : public StateStorage {
  public:
    static constexpr std::size_t most_bytes = 64 * 1024;

    explicit StateFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    ByteView read(std::uint8_t page) override;
    Trouble write(std::uint8_t page, ByteView bytes) override;

  private:
    std::filesystem::path path_of(std::uint8_t page) const { return folder_ / (page == 0 ? "state.0" : "state.1"); }

    std::filesystem::path folder_;
    std::array<Descriptor, 2> files_;
    std::array<std::string, 2> read_;
    std::string trouble_;
};

}  // namespace otabahn::device
