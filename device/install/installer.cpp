// SPDX-License-Identifier: Apache-2.0
#include "device/install/installer.hpp"

#include "encoding/base64_string.hpp"

namespace otabahn::device {

ProgramSpec InstallContext::spec(const Words& words, std::uint8_t slot) const {
    ProgramSpec out;
    const std::string path = slots.image(slot).string();
    for (std::string word : words) {
        constexpr std::string_view place = "{image}";
        for (std::size_t at = 0; (at = word.find(place, at)) != std::string::npos; at += path.size()) word.replace(at, place.size(), path);
        out.words.push_back(std::move(word));
    }
    const SlotImage& facts = image(slot);
    out.environment = slots.parameters(slot);
    out.environment.emplace_back("OTABAHN_IMAGE", path);
    out.environment.emplace_back("OTABAHN_VERSION", std::string(facts.version.view()));
    out.environment.emplace_back("OTABAHN_SHA256", encoding::to_hex(facts.sha256));
    out.environment.emplace_back("OTABAHN_SLOT", std::string(1, SlotFiles::letter(slot)));
    out.environment.emplace_back("OTABAHN_SOCKET", settings.socket.string());
    out.folder = settings.folder;
    return out;
}

}  // namespace otabahn::device
