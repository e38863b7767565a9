// SPDX-License-Identifier: Apache-2.0
#include "device/install/sysupdate_installer.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

namespace otabahn::device {

namespace {
constexpr std::string_view version_place = "@v";
}

std::optional<std::string> unfit_for_sysupdate(std::string_view version) {
    if (version.empty() || version.front() == '.') return "an empty version, or one with a leading dot, names no image";
    for (char c : version) {
        const bool good =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '~' || c == '^';
        if (!good)
            return "version '" + std::string(version) + "' has characters that do not stand in an image's name (a-z A-Z 0-9 . - ~ ^)";
    }
    return std::nullopt;
}

std::filesystem::path SysupdateInstaller::path_of(std::string_view version, std::string_view tries) const {
    std::string name = context_.settings.sysupdate_name;
    name.replace(name.find(version_place), version_place.size(), version);
    // The tries stand before the ending that comes after the version.
    const std::size_t ending = name.find('.', context_.settings.sysupdate_name.find(version_place) + version.size());
    name.insert(ending == std::string::npos ? name.size() : ending, tries);
    return context_.settings.sysupdate_folder / name;
}

std::filesystem::path SysupdateInstaller::find(std::string_view version) const {
    const std::filesystem::path good = path_of(version, {});
    std::error_code error;
    if (std::filesystem::exists(good, error)) return good;
    const std::string counted = path_of(version, "+").filename().string();
    const std::string head = counted.substr(0, counted.find('+') + 1), tail = counted.substr(head.size());
    for (const auto& entry : std::filesystem::directory_iterator(context_.settings.sysupdate_folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.size() > head.size() + tail.size() && name.starts_with(head) && name.ends_with(tail) &&
            name.find_first_not_of("0123456789-", head.size()) == name.size() - tail.size())
            return entry.path();
    }
    return {};
}

Result<void> SysupdateInstaller::place(const std::filesystem::path& from, const std::filesystem::path& to) const {
    // Under a name that no boot loader takes until it is whole; a boot partition is often FAT, which renames all the same.
    const std::filesystem::path partial = to.parent_path() / ("." + to.filename().string() + ".partial");
    const Descriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return fail(ErrorCode::unavailable, trouble_with(from, "cannot be opened"), from.string());
    Descriptor out(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!out) return fail(ErrorCode::unavailable, trouble_with(partial, "cannot be made"), partial.string());
    ssize_t count = 1;
    while (count > 0) count = ::sendfile(out.get(), in.get(), nullptr, 1024 * 1024);
    if (count < 0 || ::fsync(out.get()) != 0) {
        const std::string why = trouble_with(partial, "cannot be written");
        ::unlink(partial.c_str());
        return fail(ErrorCode::unavailable, why, partial.string());
    }
    if (::rename(partial.c_str(), to.c_str()) != 0) return fail(ErrorCode::unavailable, trouble_with(to, "cannot be made"), to.string());
    if (!sync_folder(to.parent_path())) return fail(ErrorCode::unavailable, trouble_with(to.parent_path(), "cannot be made durable"));
    return {};
}

Answer SysupdateInstaller::activate(std::uint8_t slot) {
    const std::string_view version = context_.image(slot).version.view();
    if (const auto unfit = unfit_for_sysupdate(version)) return say(ActionKind::activate, false, *unfit + ".");
    if (version == context_.image(context_.record().active).version.view())
        return say(ActionKind::activate, false, "an image of version " + std::string(version) + " runs; here one version has one image.");
    // What is not the one that runs makes room: an older one, and what is there of an earlier try.
    const std::string& pattern = context_.settings.sysupdate_name;
    const std::size_t at = pattern.find(version_place);
    const std::string head = pattern.substr(0, at), tail = pattern.substr(at + version_place.size());
    const std::filesystem::path kept = find(context_.image(context_.record().active).version.view());
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(context_.settings.sysupdate_folder, error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(head) || !name.ends_with(tail) || entry.path() == kept || !entry.is_regular_file(error)) continue;
        if (::unlink(entry.path().c_str()) != 0) return say(ActionKind::activate, false, trouble_with(entry.path(), "cannot be removed"));
    }
    const auto placed = place(context_.slots.image(slot), path_of(version, "+" + std::to_string(context_.settings.trial_boots)));
    if (!placed) return say(ActionKind::activate, false, placed.error().message);
    return say(ActionKind::activate, true);
}

Answer SysupdateInstaller::confirm(std::uint8_t slot) {
    const std::string_view version = context_.image(slot).version.view();
    const std::filesystem::path counted = find(version), good = path_of(version, {});
    if (counted.empty()) return say(ActionKind::confirm, false, good.string() + " is gone.");
    if (counted != good && ::rename(counted.c_str(), good.c_str()) != 0)
        return say(ActionKind::confirm, false, trouble_with(counted, "cannot be renamed"));
    if (!sync_folder(good.parent_path()))
        return say(ActionKind::confirm, false, trouble_with(good.parent_path(), "cannot be made durable"));
    context_.slots.drop(slot);
    return MachineInstaller::confirm(slot);
}

Answer SysupdateInstaller::roll_back(std::uint8_t slot) {
    const Record& record = context_.record();
    const std::uint8_t bad = slot == 0 ? 1 : 0;
    const std::string_view version = record.slots[bad].version.view();
    // Without it the boot loader is left with the one that was good.
    if (!version.empty() && version != record.slots[slot].version.view())
        for (std::filesystem::path file; !(file = find(version)).empty();)
            if (::unlink(file.c_str()) != 0) return say(ActionKind::roll_back, false, trouble_with(file, "cannot be removed"));
    return MachineInstaller::roll_back(slot);
}

Result<std::uint8_t> SysupdateInstaller::find_running() {
    const auto text = read_file(context_.settings.os_release, 64 * 1024);
    if (!text) return fail(ErrorCode::unavailable, text.error().message);
    constexpr std::string_view key = "IMAGE_VERSION=";
    std::string version;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        if (std::string_view line = std::string_view(*text).substr(at, end - at); line.starts_with(key)) {
            version = std::string(line.substr(key.size()));
            std::erase(version, '"');
            std::erase(version, '\'');
        }
        at = end + 1;
    }
    const Record& record = context_.record();
    for (const std::uint8_t slot : {record.active, record.target()})
        if (!version.empty() && record.slots[slot].version.view() == version) return slot;
    return fail(ErrorCode::unavailable, context_.settings.os_release.string() + ": IMAGE_VERSION is '" + version + "', which is neither " +
                                            std::string(record.slots[record.active].version.view()) + " nor the new image's version.");
}

}  // namespace otabahn::device
