// SPDX-License-Identifier: Apache-2.0
// The bytes of the two slots: files of the state folder, files or block devices that device.toml names. Beside them, in the
// state folder, the document that ordered each. Which of them starts is not known here: that is an Installer's business.
#pragma once

#include "device/host/files.hpp"
#include "device/port/ports.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::device {

// Where the images lie. `devices`: they are there, have their own size, and are written in place.
struct SlotPlaces {
    std::array<std::filesystem::path, 2> images;
    bool devices = false;
};
SlotPlaces places_in(const std::filesystem::path& folder);

using Environment = std::vector<std::pair<std::string, std::string>>;
// The `parameters` of a job document, as OTABAHN_PARAM_NAME and text.
Environment parameters_of(std::string_view document);

class SlotFiles {
  public:
    static constexpr std::size_t most_document_bytes = 256 * 1024;

    // `state` keeps the documents.
    explicit SlotFiles(const std::filesystem::path& state) : SlotFiles(state, places_in(state)) {}
    SlotFiles(std::filesystem::path state, SlotPlaces places) : folder_(std::move(state)), places_(std::move(places)) {}

    static char letter(std::uint8_t slot) { return slot == 0 ? 'a' : 'b'; }
    const std::filesystem::path& image(std::uint8_t slot) const { return places_.images[slot]; }
    std::filesystem::path document(std::uint8_t slot) const { return folder_ / (std::string("slot-") + letter(slot) + ".json"); }
    const std::filesystem::path& state() const { return folder_; }

    // Of the document that ordered the slot's image.
    Environment parameters(std::uint8_t slot) const;

    // As the port's (device/port/ports.hpp).
    Trouble prepare(std::uint8_t slot, std::uint64_t size);
    Trouble write(std::uint8_t slot, std::uint64_t offset, ByteView bytes);
    Trouble flush(std::uint8_t slot);
    Trouble keep_document(std::uint8_t slot, ByteView document);
    // No more writes: what was written is durable, and a file can be executed.
    Trouble close(std::uint8_t slot);
    // Its image lies elsewhere by now.
    void drop(std::uint8_t slot);

  private:
    bool open(std::uint8_t slot, bool fresh);
    Trouble say(std::string text);
    Trouble prepare_device(std::uint8_t slot, std::uint64_t size);
    // Somebody took the file away, or put another one in its place.
    bool replaced(std::uint8_t slot) const;

    std::filesystem::path folder_;
    SlotPlaces places_;
    std::array<Descriptor, 2> files_;
    std::string trouble_;
};

}  // namespace otabahn::device
