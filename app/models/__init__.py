"""The models: one class per table, one aggregate per file."""

from app.models.attempt import Attempt
from app.models.audit import AuditEntry
from app.models.audit_stream import AuditStream, AuditStreamEntry
from app.models.bot import Bot, BotBinding
from app.models.change import Change, ChangedFile, Content
from app.models.chat import ChatEvent, ChatToken
from app.models.counters import TaskCount, TaskEnd, TaskStatusChange
from app.models.developer import (
    Developer,
    PersonalToken,
    RecoveryCode,
    SecondFactor,
)
from app.models.drafts import SavedView, TaskDraft
from app.models.evidence import EvidenceKey, LogChain
from app.models.fleet_counters import FleetCount, FleetIncrement
from app.models.follow_up import FollowUp
from app.models.gate import Gate
from app.models.idempotency import IdempotencyKey
from app.models.identity import DeveloperIdentity, IdentityProvider
from app.models.image import TaskImage
from app.models.invitation import Invitation
from app.models.log import LogChunk, TranscriptChunk
from app.models.login import Login, RefreshToken
from app.models.machine import EnrollmentToken, Machine, MachineHeartbeat
from app.models.notification import Notification
from app.models.outbox import BotHealth, Delivery, NotificationPreference, OutboxEntry
from app.models.project import Project, ProjectMember
from app.models.review import Review, ReviewComment, ReviewThread, ViewedFile
from app.models.sample import MachineHour, MachineMinute
from app.models.search import TaskText
from app.models.server import ServerIdentity, ServerProcess
from app.models.setting import StoredSetting
from app.models.task import Event, Task
from app.models.task_message import TaskMessage
from app.models.terminal import ChannelToken, Shell, Terminal, TerminalInput, TerminalSize
from app.models.tunnel import Tunnel
from app.models.usage import RunInterval, Usage
from app.models.workspace import Workspace

__all__ = [
    "Attempt",
    "AuditEntry",
    "AuditStream",
    "AuditStreamEntry",
    "Bot",
    "BotBinding",
    "BotHealth",
    "Change",
    "ChangedFile",
    "ChannelToken",
    "ChatEvent",
    "ChatToken",
    "Content",
    "Delivery",
    "Developer",
    "DeveloperIdentity",
    "EnrollmentToken",
    "Event",
    "EvidenceKey",
    "FleetCount",
    "FleetIncrement",
    "FollowUp",
    "Gate",
    "IdempotencyKey",
    "IdentityProvider",
    "Invitation",
    "LogChain",
    "LogChunk",
    "Login",
    "Machine",
    "MachineHeartbeat",
    "MachineHour",
    "MachineMinute",
    "Notification",
    "NotificationPreference",
    "OutboxEntry",
    "PersonalToken",
    "Project",
    "ProjectMember",
    "RecoveryCode",
    "RefreshToken",
    "Review",
    "ReviewComment",
    "ReviewThread",
    "RunInterval",
    "SavedView",
    "SecondFactor",
    "ServerIdentity",
    "ServerProcess",
    "Shell",
    "StoredSetting",
    "Task",
    "TaskCount",
    "TaskDraft",
    "TaskEnd",
    "TaskImage",
    "TaskMessage",
    "TaskStatusChange",
    "TaskText",
    "Terminal",
    "TerminalInput",
    "TerminalSize",
    "TranscriptChunk",
    "Tunnel",
    "Usage",
    "ViewedFile",
    "Workspace",
]
