// SPDX-License-Identifier: Apache-2.0
#include "device/install/slot_files.hpp"

#include "otawire/job_document.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace otabahn::device {

SlotPlaces places_in(const std::filesystem::path& folder) { return {{folder / "slot-a.image", folder / "slot-b.image"}, false}; }

Trouble SlotFiles::say(std::string text) {
    trouble_ = std::move(text);
    return trouble_;
}

bool SlotFiles::open(std::uint8_t slot, bool fresh) {
    if (files_[slot]) return true;
    // A block device that is mounted answers O_EXCL with EBUSY.
    const int flags = O_RDWR | O_CLOEXEC | (places_.devices ? O_EXCL : fresh ? O_CREAT : 0);
    files_[slot] = Descriptor(::open(image(slot).c_str(), flags, 0755));
    return static_cast<bool>(files_[slot]);
}

Trouble SlotFiles::prepare_device(std::uint8_t slot, std::uint64_t size) {
    if (!open(slot, false))
        return say(trouble_with(
            image(slot), errno == EBUSY ? "is in use (mounted?); it must be the slot that does not run" : "cannot be opened for writing"));
    const off_t room = ::lseek(files_[slot].get(), 0, SEEK_END);
    if (room < 0) return say(trouble_with(image(slot), "has no size"));
    if (static_cast<std::uint64_t>(room) < size)
        return say(image(slot).string() + " has room for " + std::to_string(room) + " bytes, the image has " + std::to_string(size) + ".");
    return std::nullopt;
}

Trouble SlotFiles::prepare(std::uint8_t slot, std::uint64_t size) {
    ::unlink(document(slot).c_str());
    if (places_.devices) return prepare_device(slot, size);
    // A new file: a program of the old one that should still run keeps what it has mapped.
    files_[slot].reset();
    if (::unlink(image(slot).c_str()) != 0 && errno != ENOENT) return say(trouble_with(image(slot), "cannot be removed"));
    if (!open(slot, true)) return say(trouble_with(image(slot), "cannot be made"));
    // A full disk shows now, not in the middle. Not every file system can reserve.
    if (::fallocate(files_[slot].get(), 0, 0, static_cast<off_t>(size)) != 0) {
        if (errno != EOPNOTSUPP && errno != ENOSYS)
            return say(trouble_with(image(slot), "has no room for " + std::to_string(size) + " bytes"));
        if (::ftruncate(files_[slot].get(), static_cast<off_t>(size)) != 0) return say(trouble_with(image(slot), "cannot be sized"));
    }
    if (!sync_folder(image(slot).parent_path())) return say(trouble_with(image(slot).parent_path(), "cannot be made durable"));
    return std::nullopt;
}

Trouble SlotFiles::write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) {
    if (!open(slot, false) || !write_all(files_[slot].get(), bytes, offset)) return say(trouble_with(image(slot), "cannot be written"));
    return std::nullopt;
}

bool SlotFiles::replaced(std::uint8_t slot) const {
    struct stat here {
    }, there{};
    return ::fstat(files_[slot].get(), &here) == 0 &&
           (::stat(image(slot).c_str(), &there) != 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

Trouble SlotFiles::flush(std::uint8_t slot) {
    if (!open(slot, false)) return say(trouble_with(image(slot), "cannot be opened for writing"));
    if (replaced(slot)) {
        files_[slot].reset();
        return say(image(slot).string() + " was deleted or replaced by somebody else while it was being written.");
    }
    if (::fdatasync(files_[slot].get()) != 0) return say(trouble_with(image(slot), "cannot be made durable"));
    return std::nullopt;
}

Trouble SlotFiles::keep_document(std::uint8_t slot, ByteView bytes) {
    if (auto kept = replace_file(document(slot), bytes); !kept) return say(kept.error().message);
    return std::nullopt;
}

Trouble SlotFiles::close(std::uint8_t slot) {
    if (files_[slot] && ::fsync(files_[slot].get()) != 0) return say(trouble_with(image(slot), "cannot be made durable"));
    files_[slot].reset();
    // A file open for writing cannot be executed.
    if (!places_.devices && ::chmod(image(slot).c_str(), 0755) != 0) return say(trouble_with(image(slot), "cannot be made executable"));
    return std::nullopt;
}

void SlotFiles::drop(std::uint8_t slot) {
    files_[slot].reset();
    if (!places_.devices) ::unlink(image(slot).c_str());
}

Environment SlotFiles::parameters(std::uint8_t slot) const {
    const auto text = read_file(document(slot), most_document_bytes);
    return text ? parameters_of(*text) : Environment();
}

Environment parameters_of(std::string_view document) {
    Environment out;
    const auto parsed = otawire::parse_job_document(document);
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
