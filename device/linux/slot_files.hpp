// SPDX-License-Identifier: Apache-2.0
// The two slots as files of the state folder: slot-a.image and slot-b.image, with the document that ordered each beside it.
// Which one starts is in the record alone, so activation, confirmation and roll-back have nothing to write here.
#pragma once

#include "device/linux/files.hpp"
#include "device/port/ports.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::device {

class SlotFiles final : public Slots {
  public:
    static constexpr std::size_t most_document_bytes = 256 * 1024;

    explicit SlotFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    static char letter(std::uint8_t slot) { return slot == 0 ? 'a' : 'b'; }
    std::filesystem::path image(std::uint8_t slot) const { return folder_ / (std::string("slot-") + letter(slot) + ".image"); }
    std::filesystem::path document(std::uint8_t slot) const { return folder_ / (std::string("slot-") + letter(slot) + ".json"); }

    // The `parameters` of the document that ordered the slot's image, as OTABAHN_PARAM_NAME and text.
    std::vector<std::pair<std::string, std::string>> parameters(std::uint8_t slot) const;

    Trouble prepare(std::uint8_t slot, std::uint64_t size) override;
    Trouble write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) override;
    Trouble flush(std::uint8_t slot) override;
    Trouble keep_document(std::uint8_t slot, ByteView document) override;
    Answer activate(std::uint8_t slot) override;
    Answer confirm(std::uint8_t slot) override;
    Answer roll_back(std::uint8_t slot) override;

  private:
    bool open(std::uint8_t slot);
    Trouble say(std::string text);

    std::filesystem::path folder_;
    std::array<Descriptor, 2> files_;
    std::string trouble_;
};

}  // namespace otabahn::device
