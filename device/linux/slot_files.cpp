// SPDX-License-Identifier: Apache-2.0
#include "device/linux/slot_files.hpp"

#include "otawire/job_document.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace otabahn::device {

Trouble SlotFiles::say(std::string text) {
    trouble_ = std::move(text);
    return trouble_;
}

bool SlotFiles::open(std::uint8_t slot) {
    if (!files_[slot]) files_[slot] = Descriptor(::open(image(slot).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0755));
    return static_cast<bool>(files_[slot]);
}

Trouble SlotFiles::prepare(std::uint8_t slot, std::uint64_t size) {
    // A new file: a program of the old one that should still run keeps what it has mapped.
    files_[slot].reset();
    if (::unlink(image(slot).c_str()) != 0 && errno != ENOENT) return say(trouble_with(image(slot), "cannot be removed"));
    ::unlink(document(slot).c_str());
    if (!open(slot)) return say(trouble_with(image(slot), "cannot be made"));
    // A full disk shows now, not in the middle. Not every file system can reserve.
    if (::fallocate(files_[slot].get(), 0, 0, static_cast<off_t>(size)) != 0) {
        if (errno != EOPNOTSUPP && errno != ENOSYS)
            return say(trouble_with(image(slot), "has no room for " + std::to_string(size) + " bytes"));
        if (::ftruncate(files_[slot].get(), static_cast<off_t>(size)) != 0) return say(trouble_with(image(slot), "cannot be sized"));
    }
    if (!sync_folder(folder_)) return say(trouble_with(folder_, "cannot be made durable"));
    return std::nullopt;
}

Trouble SlotFiles::write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) {
    if (!open(slot) || !write_all(files_[slot].get(), bytes, offset)) return say(trouble_with(image(slot), "cannot be written"));
    return std::nullopt;
}

Trouble SlotFiles::flush(std::uint8_t slot) {
    if (!open(slot) || ::fdatasync(files_[slot].get()) != 0) return say(trouble_with(image(slot), "cannot be made durable"));
    return std::nullopt;
}

Trouble SlotFiles::keep_document(std::uint8_t slot, ByteView bytes) {
    if (auto kept = replace_file(document(slot), bytes); !kept) return say(kept.error().message);
    return std::nullopt;
}

Answer SlotFiles::activate(std::uint8_t slot) {
    // A file open for writing cannot be executed.
    if (files_[slot] && ::fsync(files_[slot].get()) != 0) {
        say(trouble_with(image(slot), "cannot be made durable"));
        return Input::done(ActionKind::activate, false, trouble_);
    }
    files_[slot].reset();
    if (::chmod(image(slot).c_str(), 0755) != 0) {
        say(trouble_with(image(slot), "cannot be made executable"));
        return Input::done(ActionKind::activate, false, trouble_);
    }
    return Input::done(ActionKind::activate, true);
}

Answer SlotFiles::confirm(std::uint8_t) { return Input::done(ActionKind::confirm, true); }
Answer SlotFiles::roll_back(std::uint8_t) { return Input::done(ActionKind::roll_back, true); }

std::vector<std::pair<std::string, std::string>> SlotFiles::parameters(std::uint8_t slot) const {
    std::vector<std::pair<std::string, std::string>> out;
    const auto text = read_file(document(slot), most_document_bytes);
    if (!text) return out;
    const auto parsed = otawire::parse_job_document(*text);
    if (!parsed) return out;
    otawire::Parameters parameters(parsed->parameters);
    for (otawire::Parameter parameter; parameters.next(parameter);) {
        std::string name(parameter.name.size(), '\0'), value;
        const auto decoded = parameter.name.decode(name);
        if (!decoded) continue;
        std::string variable = "OTABAHN_PARAM_";
        bool good = !decoded->empty();
        for (char c : *decoded) {
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
            good = good && c != '\0';
            variable.push_back(letter ? (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) : '_');
        }
        if (parameter.kind == encoding::JsonKind::string) {
            value.resize(parameter.text.size());
            if (!parameter.text.decode(value)) continue;
        } else {
            value = std::string(parameter.raw);
        }
        if (good && value.find('\0') == std::string::npos) out.emplace_back(std::move(variable), std::move(value));
    }
    return out;
}

}  // namespace otabahn::device
